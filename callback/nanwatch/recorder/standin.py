"""Stands where Keras looks for a model's own train or test function, for the length of one fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nanwatch.recorder.seen import MARK, original_of
from nanwatch.recorder.source import RunningFit


class FitLeftError(Exception):
    """The watched fit was left without a word, and another one of the same model has begun."""


class StandIn:
    """Puts a function in place of the model's own.

    A notebook keeps the frame of a fit that raised, and so keeps us in place; the next fit of
    the model is then handed on to the model's own function.

    Args:
        name: "train_function" or "test_function".
        function: what is called instead.
        on_left: called when another fit was found to have begun.

    Attributes:
        own: the model's own function.
    """

    def __init__(
        self, model: Any, name: str, function: Callable[..., Any], on_left: Callable[[], None]
    ) -> None:
        self.own = original_of(getattr(model, name))
        self._model = model
        self._name = name
        fit = RunningFit(model)

        def watched(*args: Any) -> Any:
            if not fit.is_another():
                return function(*args)
            on_left()
            self.leave()
            return self.own(*args)

        setattr(watched, MARK, self.own)
        self._watched = watched
        setattr(model, name, watched)

    def leave(self) -> None:
        """Put the model's own function back, unless somebody else's stands there by now."""
        if getattr(self._model, self._name) is self._watched:
            setattr(self._model, self._name, self.own)
