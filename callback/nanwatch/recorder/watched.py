"""A train or test function of Keras made anew around a watched step, and fed by hand.

Keras' own function takes its batches inside of the graph, where nobody sees them. This one is
given them, one at a time or several at once, and so every batch can be told and kept.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from nanwatch.recorder.batches import batch_bytes
from nanwatch.recorder.capture import listening
from nanwatch.recorder.memory import MIB
from nanwatch.recorder.patching import patched
from nanwatch.recorder.row import Row
from nanwatch.recorder.step import ROW
from nanwatch.recorder.strategy import strategy_of

_making = threading.RLock()  # two fits that begin at once must not undo each other's patch


END = (StopIteration, tf.errors.OutOfRangeError)

HELD = 4 * MIB
"""Batches that are taken from the pipeline at once take no more memory than this. Larger ones make
long steps, and these have nothing to gain from going together."""


def fetch(iterator: Any, count: int) -> tuple[list[Any], Exception | None]:
    """The next batches, and what the input pipeline raised in place of a further one.

    It is handed on as a value, because the steps before it are still to be made.
    """
    batches: list[Any] = []
    try:
        while len(batches) < count:
            batches.append(next(iterator))
    except Exception as error:  # noqa: BLE001 - handed on: the user's own pipeline may raise anything
        return batches, error
    return batches, None


class WatchedFunction:
    """What stands in for `model.train_function` or `model.test_function`.

    Args:
        kind: which of the two.
        wrap: makes the watched step out of the model's own; it adds a row to the step's logs.
        flags: so many numbers at the row's beginning are 1 in a healthy step.

    Attributes:
        proven: whether it has made a step yet; the first one traces, and may fail at that.
    """

    def __init__(
        self, model: Any, kind: Literal["train", "test"], wrap: Callable[[Any], Any], flags: int
    ) -> None:
        self.proven = False
        self._flags = flags
        self._graph: Any = None
        self._spec: Any = None
        self._weight = 1
        self._loop: _Loop | None = None
        self._holds: bool | None = False
        self._direct: Any = None
        self._distributed = strategy_of(model) is not None
        self._listening = partial(listening, model) if self._distributed else contextlib.nullcontext
        self._function = self._made(model, kind, wrap)

    def trace(self, spec: Any) -> None:
        """Trace the step for the shapes that the input pipeline declares, None if it does not.

        Keras fetches the batch inside of the graph and so traces for these. A batch in hand has
        the shape that it happens to have, and a graph made for that one counts and rounds a
        little differently.
        """
        if self._graph is None or spec is None:
            self._spec, self._holds, self._direct = None, False, None
            return
        declared = tf.nest.map_structure(_declared, spec)
        if declared != self._spec:
            self._spec = declared
            with self._listening():
                self._graph.get_concrete_function(declared)
            self._loop = self._holds = None
            self._direct = self._traced_for(spec)

    def group(self, count: int) -> int:
        """How many of an execution's `count` batches to run at once."""
        if count == 1 or not self.proven:
            return 1
        if self._holds is None:
            self._holds = _Loop.can_hold(self._graph, self._spec)
        if not self._holds:
            return 1
        return max(1, min(count, HELD // self._weight))

    def run(self, batches: list[Any]) -> tuple[list[Row | None], Any]:
        """Make the steps of a group of batches in one call of the graph.

        It ends early after a step that was not healthy, so that somebody can act on it.

        Returns:
            The rows of the steps that were made, None for one without, and the logs of the last.
        """
        if len(batches) > 1:
            self._loop = self._loop or _Loop(self._graph, self._spec, self._flags)
            return self._loop(batches)
        logs = self._step(batches[0])
        row = logs.pop(ROW, None)
        if not self.proven:
            self.proven = True
            self._weight = max(1, batch_bytes(batches[0]))
        return [None if row is None else np.asarray(row)], logs

    def _step(self, batch: Any) -> Any:
        if self._direct is not None and self.proven:
            # One that somebody else hands in, by train_on_batch in a callback, may be of another
            # kind. That shows before anything runs, and what runs raises nothing of these types.
            with contextlib.suppress(TypeError, ValueError):
                return self._direct(batch)
        with self._listening():
            return self._function(iter([batch]))

    def _traced_for(self, spec: Any) -> Any:
        """The graph itself, where every batch is of the shape that it was traced for.

        `tf.function` looks anew at every call for the graph that suits its arguments, which takes a
        tenth of a step of two milliseconds.
        """
        parts = tf.nest.flatten(spec)
        optional = any(isinstance(part, tf.OptionalSpec) for part in parts)
        if self._distributed or optional or tf.config.functions_run_eagerly():
            return None
        return self._graph.get_concrete_function(self._spec)

    def _made(self, model: Any, kind: str, wrap: Callable[[Any], Any]) -> Any:
        """The function that Keras makes now; the model keeps the one that it has.

        `make_train_function` closes over `self.train_step`, so the attribute is set for just that
        moment.
        """
        attribute, step = f"{kind}_function", f"{kind}_step"
        own = getattr(model, attribute)
        with _making, patched([(model, step, wrap), (tf, "function", self._catch)]):
            getattr(model, f"make_{kind}_function")(force=True)
        made = getattr(model, attribute)
        setattr(model, attribute, own)
        return made

    def _catch(self, function: Any) -> Any:
        """`tf.function`, but the graph function of one step is kept at hand."""
        thread = threading.get_ident()

        def make(*args: Any, **kwargs: Any) -> Any:
            made = function(*args, **kwargs)
            name = getattr(made, "__name__", "")
            if name == "one_step_on_data" and threading.get_ident() == thread:
                self._graph = made
            return made

        return make


class _Loop:
    """Several steps in one graph, as Keras' own loop for `steps_per_execution` makes them.

    The batches are handed in end to end, and the graph cuts them apart again: hundreds of
    arguments would take longer than their steps.
    """

    def __init__(self, step: Any, spec: Any, flags: int) -> None:
        self._step = step
        self._spec = spec
        self._flags = flags
        self._outputs = step.get_concrete_function(spec).structured_outputs
        ends = tf.TensorSpec((None, None), tf.int32)
        columns = [tf.TensorSpec([None, *s.shape[1:]], s.dtype) for s in tf.nest.flatten(spec)]
        run = tf.function(self._steps, [ends, columns], autograph=False)
        self._run = run.get_concrete_function()

    @staticmethod
    def can_hold(step: Any, spec: Any) -> bool:
        """Whether batches and logs are of a kind that fits."""
        if step is None or spec is None or not all(map(_is_table, tf.nest.flatten(spec))):
            return False
        outputs = step.get_concrete_function(spec).structured_outputs
        return ROW in outputs and all(
            part.shape.is_fully_defined() for part in tf.nest.flatten(outputs)
        )

    def __call__(self, batches: list[Any]) -> tuple[list[Row | None], Any]:
        """Make the steps, up to the first that is not healthy."""
        columns = list(zip(*map(tf.nest.flatten, batches), strict=True))
        ends = [[0, *itertools.accumulate(len(part) for part in column)] for column in columns]
        joined = [tf.concat(column, 0) for column in columns]
        rows, logs = self._run(tf.constant(ends), joined)
        return list(rows.numpy()), logs

    def _steps(self, ends: Any, columns: list[Any]) -> Any:
        count = tf.shape(ends)[1] - 1

        def body(i: Any, _: Any, rows: Any, __: Any) -> Any:
            logs = dict(self._step(self._batch(i, ends, columns)))
            row = logs.pop(ROW)
            healthy = tf.reduce_all(row[: self._flags] >= 1.0)
            return i + 1, healthy, rows.write(i, row), logs

        logs = {name: tf.zeros(o.shape, o.dtype) for name, o in self._outputs.items()}
        row = logs.pop(ROW)
        rows = tf.TensorArray(row.dtype, count, element_shape=row.shape)
        state = (tf.constant(0), tf.constant(True), rows, logs)
        done, _, rows, logs = tf.while_loop(lambda i, ok, *_: (i < count) & ok, body, state)
        return rows.stack()[:done], logs

    def _batch(self, i: Any, ends: Any, columns: list[Any]) -> Any:
        parts = []
        for j, spec in enumerate(tf.nest.flatten(self._spec)):
            part = columns[j][ends[j, i] : ends[j, i + 1]]
            part.set_shape(spec.shape)
            parts.append(part)
        return tf.nest.pack_sequence_as(self._spec, parts)


def _is_table(spec: Any) -> bool:
    """Whether arrays of this kind can be laid end to end."""
    plain = type(spec) is tf.TensorSpec and spec.shape.rank
    return bool(plain and spec.shape[1:].is_fully_defined())


def _declared(spec: Any) -> Any:
    """What Keras hands a step for a part of the pipeline: nothing for an optional one."""
    return None if isinstance(spec, tf.OptionalSpec) else spec
