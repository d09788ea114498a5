"""The next best recorder: reads the logs that a train function returns, on every backend.

It sees no gradients and holds nothing back. The true loss of a batch is undone from the running
mean, m(k)·k - m(k-1)·(k-1), which is exact to rounding for batches of one size and blind after
the first NaN of an epoch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from nanwatch.recorder.batches import BatchRing
from nanwatch.recorder.seen import Step, series_of
from nanwatch.recorder.standin import FitLeftError, StandIn


def scalars_of(logs: Mapping[str, Any]) -> dict[str, float]:
    """The single numbers of some logs by key; a step may tell arrays and texts beside them."""
    found = {str(key): _number(value) for key, value in logs.items() if is_number(value)}
    return {key: value for key, value in found.items() if value is not None}


def is_number(value: Any) -> bool:
    """Whether a log is, as far as its kind tells, a single number."""
    kind = hasattr(value, "dtype") or isinstance(value, int | float)
    return kind and not getattr(value, "ndim", 0)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):  # a tensor may hold a text
        return None


class RunningLoss:
    """Takes each batch's loss out of Keras' running mean of them."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """An epoch begins, and the mean anew."""
        self._mean, self._count = 0.0, 0

    def step(self, index: int, batch: Any, logs: Mapping[str, Any]) -> Step:
        """What the logs of one call of the train function tell."""
        scalars = scalars_of(logs)
        points = {series_of(key): value for key, value in scalars.items()}
        if "loss" in scalars:
            points["batch/loss"] = self._batch_loss(points["batch/loss_running"])
        finite = math.isfinite(points.get("batch/loss", 0.0))
        return Step(index, batch, tuple(points), list(points.values()), finite)

    def _batch_loss(self, mean: float) -> float:
        before, self._mean = self._mean, mean
        self._count += 1
        return self._mean * self._count - before * (self._count - 1)


class LogsRecorder:
    """Wraps `model.train_function` and looks only at what comes out of it.

    Args:
        on_step: called after every call of the train function.
        on_error: called with the step and what the train function raised, before it goes on.
    """

    def __init__(
        self,
        model: Any,
        on_step: Callable[[Step], None],
        on_error: Callable[[int, Any, BaseException], None],
    ) -> None:
        self.model = model
        self.step = self.first = 0
        self._on_step = on_step
        self._on_error = on_error
        self.notes: list[str] = []
        self.start = self.healthy = None
        self.batches = BatchRing()
        self._means = RunningLoss()
        self._standin: Any = None

    def install(self) -> None:
        """Begin to listen."""
        self._standin = StandIn(self.model, "train_function", self._run, self._left)

    def uninstall(self) -> None:
        """Put the model's own train function back."""
        self._standin.leave()

    def go_on(self, step: int) -> None:
        """Count from here: the fit, of which no step was made yet, continues another one."""
        self.step = self.first = step

    def epoch_begins(self) -> None:
        """Keras begins its running means anew."""
        self._means.begin()

    def _run(self, *args: Any) -> Any:
        try:
            result = self._standin.own(*args)
        except (Exception, KeyboardInterrupt) as error:
            if not _is_end(error):
                self._on_error(self.step, None, error)
            raise
        self._read(result)
        return result

    def _left(self) -> None:
        self._on_error(self.step, None, FitLeftError("another fit of the model began"))

    def _read(self, result: Any) -> None:
        """TensorFlow and torch return the logs, JAX the logs and the state."""
        parts = result if isinstance(result, tuple) else (result,)
        logs = next((part for part in parts if isinstance(part, Mapping)), {})
        made = int(getattr(self.model, "steps_per_execution", 1) or 1)
        self._on_step(self._means.step(self.step + made - 1, None, logs))
        self.step += made


def _is_end(error: BaseException) -> bool:
    """Whether the data of an epoch are over, in the words of Python or of TensorFlow."""
    return isinstance(error, StopIteration) or type(error).__name__ == "OutOfRangeError"
