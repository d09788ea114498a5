"""Single operations of a step on TensorFlow, watched while it runs eagerly.

TensorFlow tells callbacks of every operation that it runs eagerly, forward and back; its own
check for numerics is built on that. Every tensor has a number, so a value that is not finite can
be followed from the loss or a gradient back to the operation that made it of finite ones. On the
way back, the operation of the forward pass is known whose slope is being computed.
"""

from __future__ import annotations

import contextlib
import itertools
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import op_callbacks, ops

from nanwatch.autopsy import layers, steps, terms
from nanwatch.autopsy.code_lines import running_line
from nanwatch.autopsy.lineage import Lineage, Operation
from nanwatch.autopsy.operands import (
    Array,
    Level,
    bad_rows,
    crosses_rows,
    extent,
    is_array,
    is_empty_softmax,
    is_lost,
    level,
    near_rows,
    numbers_of,
    steep_rows,
    telling,
)
from nanwatch.diagnosis.looks import Empty, OperationLook, Stage
from nanwatch.recorder.arrays import as_numpy
from nanwatch.recorder.patching import patched

SECONDS = 1.5
MOST_RISKS = 8
"""How long looking at operations may take, and how many that may be behind a failure are told."""
BOUNDS = frozenset(str(module.__file__) for module in (layers, steps, terms))
"""What calls layers, losses and the step: whoever called these has not written what they do."""


class OperationWatch:
    """Watches the operations of one step, for a while.

    Args:
        rows: how many rows the batch has.
        running: the names of the layers that are being called, kept up to date by another watch.
        seconds: of this thread's work at the looks, whatever the machine has to do beside.

    Attributes:
        updating: whether the optimizer is at work; set by who makes it work.
    """

    def __init__(self, rows: int, running: list[str], seconds: float = SECONDS) -> None:
        self.updating = False
        self._rows = rows
        self._running = running
        self._seconds = seconds
        self._orders = itertools.count()
        self._lineage = Lineage()
        self._levels: dict[int, Level] = {}
        self._born: dict[int, Operation] = {}
        self._steep: list[Operation] = []
        self._near: list[Operation] = []
        self._crossed: list[Operation] = []
        self._cut_short = False
        self._fed: dict[tuple[str, int], Operation] = {}
        self._going_back = 0
        self._slope_of: list[Operation | None] = []

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """A block in which every operation is looked at, those in functions of graphs as well."""
        eagerly = tf.config.functions_run_eagerly()
        tf.config.run_functions_eagerly(True)
        op_callbacks.add_op_callback(self._ran)
        patches = [
            (ops, "_gradient_registry", self._heard),
            (tf.GradientTape, "gradient", self._back),
        ]
        try:
            with patched(patches):
                yield
        finally:
            op_callbacks.remove_op_callback(self._ran)
            tf.config.run_functions_eagerly(eagerly)

    def settle(self, outputs: Any) -> None:
        """Tell operations that make `outputs`, those of layers, from those of losses beside them.

        What a layer computes for `add_loss` goes into none of its outputs.
        """
        inside = self._lineage.ancestors(numbers_of(outputs))
        for operation in {*self._born.values(), *self._steep, *self._near}:
            if operation.look.stage == "layer" and operation.order not in inside:
                operation.look = replace(operation.look, stage="loss")

    def origin(self, values: Any) -> OperationLook | None:
        """The first operation to which `values` owe it that they are not finite."""
        found = [self._born[number] for number in numbers_of(values) if number in self._born]
        return min(found, key=lambda operation: operation.order).look if found else None

    def first(self, stage: Stage) -> OperationLook | None:
        """The first operation of a stage that made a value that is not finite of finite ones."""
        born = [operation for operation in self._born.values() if operation.look.stage == stage]
        return min(born, key=lambda operation: operation.order).look if born else None

    def risks(self, blamed: OperationLook | None) -> tuple[OperationLook, ...]:
        """Operations of the forward pass without a finite slope; that of `blamed` comes first."""
        behind = [o.forward for o in self._born.values() if o.look is blamed and o.forward]
        masked = [o for o in self._born.values() if o.look.stage in ("layer", "loss")]
        risky = {o.order: o for o in (*self._steep, *masked)}
        first = [o for o in behind if o.order in risky]
        ordered = {o.order: o.look for o in (*first, *risky.values())}
        return tuple(look for look in ordered.values() if look is not blamed)[:MOST_RISKS]

    @property
    def near(self) -> tuple[OperationLook, ...]:
        """Operations of the user's own code whose operand another rounding makes 0."""
        return tuple(each.look for each in self._near if each.look.source_line)[:MOST_RISKS]

    @property
    def crossed(self) -> tuple[OperationLook, ...] | None:
        """Operations that compare every row with every other; None where the time was over."""
        return None if self._cut_short else tuple(each.look for each in self._crossed)

    def _ran(self, kind: str, inputs: Any, _: Any, outputs: Any, *__: Any, **___: Any) -> None:
        """TensorFlow ran an operation."""
        self._cut_short |= self._seconds <= 0
        if self._cut_short or not tf.executing_eagerly():
            return
        began = time.thread_time()
        try:
            self._take(
                tf.compat.as_str(kind), list(filter(is_array, inputs)), filter(is_array, outputs)
            )
        except Exception:  # noqa: BLE001 - a door: an odd tensor must not make the step fail
            self._cut_short = True
        self._seconds -= time.thread_time() - began

    def _take(self, kind: str, inputs: list[Any], outputs: Iterable[Any]) -> None:
        operation = self._operation(kind, inputs)
        for parent in operation.parents:
            self._fed[kind, parent] = operation
        shapes = [tuple(tensor.shape) for tensor in inputs]
        if not self._going_back and crosses_rows(kind, shapes, self._rows):
            self._crossed.append(operation)
        for tensor in outputs:
            self._look(operation, inputs, tensor)

    def _operation(self, kind: str, inputs: list[Any]) -> Operation:
        forward = self._slope_of[-1] if self._slope_of else None
        line = forward.line if forward else running_line(sys._getframe(), BOUNDS)
        layer = forward.look.layer if forward else next(reversed(self._running), "")
        numbers = tuple(tensor._id for tensor in inputs)
        look = OperationLook(kind, self._stage(), layer, *line)
        return Operation(look, next(self._orders), numbers, line, forward)

    def _stage(self) -> Stage:
        if self.updating:
            return "step"
        return "gradient" if self._going_back else "layer" if self._running else "loss"

    def _look(self, operation: Operation, inputs: list[Any], output: Any) -> None:
        """Remember what came out; where it is worse than what went in, it was born here."""
        array = as_numpy(output)
        found = self._levels[output._id] = level(array)
        self._lineage.add(output._id, operation, array.dtype == bool)
        if array.dtype == "float16":
            self._note_lost(operation, inputs)
        if found:
            culprit = self._culprit(operation, inputs, array, found)
            if culprit is not None:
                self._born[output._id] = culprit
            return
        operands = list(map(as_numpy, inputs))
        for noted, rows_of in ((self._steep, steep_rows), (self._near, near_rows)):
            rows = rows_of(operation.look.kind, operands, self._rows)
            if rows is not None and (noted is self._steep or not self._going_back):
                self._describe(operation, inputs, array, rows)
                noted.append(operation)

    def _note_lost(self, operation: Operation, inputs: list[Any]) -> None:
        constants = [as_numpy(t) for t in inputs if self._lineage.is_constant(t._id)]
        operation.lost_epsilon = is_lost(operation.look.kind, constants)

    def _culprit(
        self, operation: Operation, inputs: list[Any], output: Array, found: Level
    ) -> Operation | None:
        """Who made this output bad: this operation, an earlier one, or (None) what was there.

        Data and weights were there, and so was what is read out of a variable.
        """
        bad = [tensor for tensor in inputs if self._level_of(tensor)]
        known = [self._born[tensor._id] for tensor in bad if tensor._id in self._born]
        empty = is_empty_softmax(operation.look.kind, list(map(as_numpy, inputs)))
        if known and not empty:
            return min(known, key=lambda culprit: culprit.order)
        worst = max(map(self._level_of, bad), default=Level.FINITE)
        if not inputs or (found <= worst and not empty):
            return None
        self._describe(operation, inputs, output, bad_rows(output, self._rows))
        return operation

    def _level_of(self, tensor: Any) -> Level:
        if tensor._id not in self._levels:
            self._levels[tensor._id] = level(as_numpy(tensor))
        return self._levels[tensor._id]

    def _describe(
        self, operation: Operation, inputs: list[Any], output: Array, rows: tuple[int, ...]
    ) -> None:
        """Fill in what is worth knowing of an operation at fault."""
        kind = operation.look.kind
        at = telling(kind, len(inputs))
        low, high = extent(as_numpy(inputs[at])) if inputs else (float("nan"),) * 2
        operation.look = replace(
            operation.look,
            low=low,
            high=high,
            exponent=extent(as_numpy(inputs[1]))[0] if kind == "Pow" else float("nan"),
            rows=rows,
            dtype=str(output.dtype),
            infinite=level(output) is Level.INFINITE,
            empty=self._empty(kind, inputs),
            lost_epsilon=bool(inputs) and self._lineage.lost_epsilon(inputs[at]._id),
        )

    def _empty(self, kind: str, inputs: list[Any]) -> Empty:
        """What is taken over nothing here, if that is what happened."""
        if kind == "Mean" and not as_numpy(inputs[0]).size:
            return "mean"
        if is_empty_softmax(kind, list(map(as_numpy, inputs))):
            return "softmax"
        if kind == "RealDiv" and not as_numpy(inputs[1]).all():
            numbers = inputs[0]._id, inputs[1]._id
            return self._lineage.empty_quotient(*numbers, in_layer=bool(self._running))
        return ""

    def _back(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """`GradientTape.gradient`, with a note that what runs in it is on the way back."""

        def gradient(*args: Any, **kwargs: Any) -> Any:
            self._going_back += 1
            try:
                return original(*args, **kwargs)
            finally:
                self._going_back -= 1

        return gradient

    def _heard(self, registry: Any) -> Any:
        return _Registry(registry, self._sloping)

    def _sloping(self, name: str, slope: Callable[..., Any]) -> Callable[..., Any]:
        """The function that computes an operation's slope, with a note for which one it does."""

        def compute(operation: Any, *slopes: Any) -> Any:
            self._slope_of.append(self._forward(name, operation))
            try:
                return slope(operation, *slopes)
            finally:
                self._slope_of.pop()

        return compute

    def _forward(self, kind: str, operation: Any) -> Operation | None:
        """The operation of the forward pass; TensorFlow keeps only what its slope needs."""
        makers = map(self._lineage.maker, numbers_of(operation.outputs or ()))
        fed = (self._fed.get((kind, number)) for number in numbers_of(operation.inputs or ()))
        return next((found for found in (*makers, *fed) if found is not None), None)


class _Registry:
    """Stands before TensorFlow's registry of the functions that compute slopes."""

    def __init__(self, registry: Any, wrap: Callable[[str, Any], Any]) -> None:
        self._registry = registry
        self._wrap = wrap

    def lookup(self, name: str) -> Any:
        """What computes the slope of operations of a kind, None for those without one."""
        slope = self._registry.lookup(name)
        return None if slope is None else self._wrap(name, slope)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._registry, name)
