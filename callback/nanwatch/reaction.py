"""What the user wished to happen at a value that is not finite: `on_nonfinite`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nanwatch.options import OnNonfinite
from nanwatch.recorder.install import AnyRecorder
from nanwatch.recorder.logs import LogsRecorder
from nanwatch.recorder.rollback import Rollback
from nanwatch.recorder.snapshot import weights_finite


class Reaction:
    """Lets the fit stop, go on or go back. A guard in the step has kept the weights healthy.

    Where only the logs are read there is none.

    Args:
        wish: what to do.
        say: takes one line for the terminal.

    Attributes:
        reason: why the fit was stopped, empty while it was not.
    """

    def __init__(
        self, model: Any, recorder: AnyRecorder, wish: OnNonfinite, say: Callable[[str], None]
    ) -> None:
        self.reason = ""
        self._model, self._recorder, self._wish, self._say = model, recorder, wish, say
        self._rollback = Rollback(model, recorder)
        self._guards = not isinstance(recorder, LogsRecorder)
        self._left_out = 0

    def react(self) -> None:
        """A step was not finite."""
        if self._wish == "rollback" and self._rollback.go_back():
            self._say("nanwatch: went back to the last healthy state, with half the rate")
        elif self._wish == "skip":
            self._left_out += 1
        elif self._wish in ("stop", "rollback"):
            self._model.stop_training = True
            self.reason = "stopped_on_nan"
            state = "healthy" if weights_finite(self._model) else "not finite"
            self._say(f"nanwatch: the fit stops at step {self._recorder.step}, its weights {state}")

    def sum_up(self) -> None:
        """The fit is over."""
        if self._left_out:
            known = f"{self._left_out} of {self._recorder.step} updates were not finite"
            self._say(f"nanwatch: {known}, and left out" if self._guards else f"nanwatch: {known}")
