"""What the values of a step were made of: its operations as a graph, tensors by their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nanwatch.autopsy.code_lines import CodeLine
from nanwatch.diagnosis.looks import Empty, OperationLook

HANDED_ON = {"BroadcastTo", "Cast", "ExpandDims", "Identity", "Reshape", "Squeeze", "Tile"}
"""Operations that hand on what they are given, in another form."""
GUARDS = {"AddV2", "Maximum", "Minimum", "Sqrt", "Sub"}
"""Operations that an operand comes through when a constant keeps it away from its limit."""
PARTS = {"GatherV2", "Split", "SplitV", "StridedSlice", "Unpack"}
"""Operations that take a part of an array."""
NEAR = 32
"""So many operations back are looked at."""


@dataclass(slots=True, eq=False)
class Operation:
    """One operation that was run.

    Attributes:
        order: the how-many-th it was.
        parents: the tensors that went in.
        line: the line of the user's own code that asked for it.
        forward: on the way back, the operation of the forward pass whose slope this is part of.
        lost_epsilon: whether one of its operands is a constant that was rounded away.
    """

    look: OperationLook
    order: int
    parents: tuple[int, ...]
    line: CodeLine
    forward: Operation | None = None
    lost_epsilon: bool = False


class Lineage:
    """Remembers which operation made each tensor, and which are truth values."""

    def __init__(self) -> None:
        self._made: dict[int, Operation] = {}
        self._truths: set[int] = set()

    def add(self, number: int, operation: Operation, is_truth: bool) -> None:
        """A tensor was made."""
        self._made[number] = operation
        if is_truth:
            self._truths.add(number)

    def maker(self, number: int) -> Operation | None:
        """The operation that made a tensor, None for data, weights and constants."""
        return self._made.get(number)

    def ancestors(self, numbers: Iterable[int]) -> set[int]:
        """The orders of all operations that went into some tensors."""
        found: set[int] = set()
        waiting = list(numbers)
        while waiting:
            maker = self._made.get(waiting.pop())
            if maker is not None and maker.order not in found:
                found.add(maker.order)
                waiting.extend(maker.parents)
        return found

    def is_constant(self, number: int) -> bool:
        """Whether no operation made a tensor, or none but a change of form."""
        *_, last = self._chain(number, HANDED_ON)
        return last not in self._made

    def lost_epsilon(self, number: int) -> bool:
        """Whether a constant that should keep a tensor away from its limit was rounded away."""
        makers = map(self._made.get, self._chain(number, HANDED_ON | GUARDS))
        return any(maker is not None and maker.lost_epsilon for maker in makers)

    def empty_quotient(self, numerator: int, divisor: int, in_layer: bool) -> Empty:
        """What goes over nothing where a divisor is 0: a mean over a mask, a softmax by hand.

        A sum divided by that of a loss's whole target is a quotient like any other; a column of
        an array is a mask, and so is a layer's input that weighs what it is divided into.
        """
        summed = self._summed(divisor)
        if numerator in summed and "Exp" in self._kinds_near(numerator):
            return "softmax"
        if self._truths.intersection(summed):
            return "mean"
        if not summed or not self._summed(numerator):
            return ""
        maker = self._made.get(summed[-1])
        if maker is None:
            return "mean" if in_layer and self._near(numerator).intersection(summed) else ""
        return "mean" if maker.look.kind in PARTS else ""

    def _summed(self, number: int) -> list[int]:
        """What a tensor is the sum of, in all forms that it had; nothing when it is no sum."""
        *_, last = self._chain(number, HANDED_ON)
        maker = self._made.get(last)
        if maker is None or maker.look.kind != "Sum":
            return []
        return list(self._chain(maker.parents[0], HANDED_ON | {"NotEqual"}))

    def _chain(self, number: int, kinds: set[str]) -> Iterator[int]:
        """A tensor, what it was made of by operations of these kinds, and so on."""
        yield number
        for _ in range(NEAR):
            maker = self._made.get(number)
            if maker is None or maker.look.kind not in kinds or not maker.parents:
                return
            made = (parent for parent in maker.parents if parent in self._made)
            number = next(made, maker.parents[0])
            yield number

    def _kinds_near(self, number: int) -> set[str]:
        makers = map(self._made.get, self._near(number))
        return {maker.look.kind for maker in makers if maker is not None}

    def _near(self, number: int) -> set[int]:
        """The tensors that went into one, the nearest ones."""
        found, waiting = {number}, [number]
        while waiting and len(found) < NEAR:
            maker = self._made.get(waiting.pop(0))
            waiting.extend(maker.parents if maker is not None else ())
            found.update(waiting)
        return found
