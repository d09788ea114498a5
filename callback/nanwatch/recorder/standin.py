"""Stands where Keras looks for a model's own train or test function, for the length of one fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nanwatch.recorder.seen import MARK, original_of
from nanwatch.recorder.source import RunningFit

STANDS_IN = "_nanwatch_stands_in"
"""A watched function carries its stand-in under this name."""


def _nothing() -> None:
    return


class FitLeftError(Exception):
    """The watched fit was left without a word, and another one of the same model has begun."""


class StandIn:
    """Puts a function in place of the model's own.

    A notebook keeps the frame of a fit that raised, and so keeps us in place; the next fit of
    the model is then handed on to the model's own function. So is a fit of the model that one of
    the fit's callbacks makes, after which the watching goes on.

    Args:
        name: "train_function" or "test_function".
        function: what is called instead.
        on_left: called when another fit was found to have begun after this one was left.
        on_inner: called when another fit begins inside of this one, and perhaps at its steps.

    Attributes:
        own: the model's own function.
    """

    def __init__(
        self,
        model: Any,
        name: str,
        function: Callable[..., Any],
        on_left: Callable[[], None],
        on_inner: Callable[[], None] = _nothing,
    ) -> None:
        found = getattr(model, name)
        self.own = original_of(found)
        self._model = model
        self._name = name
        self._fit = fit = RunningFit(model)
        self._on_inner = on_inner
        self._outer = _enclosing(found)

        def watched(*args: Any) -> Any:
            if not fit.is_another():
                return function(*args)
            if fit.encloses():
                on_inner()
            else:
                on_left()
                self.leave()
            return self.own(*args)

        setattr(watched, MARK, self.own)
        setattr(watched, STANDS_IN, self)
        self._watched = watched
        setattr(model, name, watched)

    def leave(self) -> None:
        """Put back what stood here, unless somebody else's stands here by now."""
        if getattr(self._model, self._name) is self._watched:
            back = self.own if self._outer is None else self._outer._watched
            setattr(self._model, self._name, back)


def _enclosing(function: Any) -> StandIn | None:
    """What stands in for a fit in which another one begins now; it is told of that."""
    outer: StandIn | None = getattr(function, STANDS_IN, None)
    if outer is None or not outer._fit.encloses():
        return None
    outer._on_inner()
    return outer
