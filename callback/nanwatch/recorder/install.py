"""Chooses the recorder that fits: the step itself where it can be wrapped, else its logs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import keras

from nanwatch.recorder.batches import BatchRing
from nanwatch.recorder.logs import LogsRecorder
from nanwatch.recorder.seen import Step

if TYPE_CHECKING:
    from nanwatch.recorder.snapshot import Snapshot

OnStep = Callable[[Step], None]
OnError = Callable[[int, Any, BaseException], None]


class AnyRecorder(Protocol):
    """What both recorders can do."""

    model: Any
    step: int
    notes: list[str]
    batches: BatchRing

    @property
    def variables(self) -> tuple[str, ...]:
        """The paths of the variables whose norms are recorded."""
        ...

    @property
    def start(self) -> Snapshot | None:
        """The state in which the fit began."""
        ...

    @property
    def healthy(self) -> Snapshot | None:
        """The last copy of a finite state."""
        ...

    def epoch_begins(self) -> None:
        """Keras begins its running means anew."""
        ...

    def uninstall(self) -> None:
        """Leave the model as it was."""
        ...


def install(
    model: Any, probes: str, on_nonfinite: str, on_step: OnStep, on_error: OnError
) -> AnyRecorder:
    """Install the best recorder that this model and backend allow; never raises for ours.

    Args:
        probes: "full", "light" (no snapshots for replays) or "off" (the logs only).
        on_nonfinite: what the guard is to do; "record" touches nothing.
    """
    why = _why_not(model, probes)
    if why is None:
        try:
            return _wrapped(model, probes, on_nonfinite, on_step, on_error)
        except Exception as error:  # noqa: BLE001 - a door: a model that cannot be wrapped must train
            why = f"the step could not be wrapped ({type(error).__name__}: {error})"
    recorder = LogsRecorder(model, on_step, on_error)
    recorder.notes.append(f"{why}: losses are read from Keras' running means, nothing is held back")
    recorder.install()
    return recorder


def _why_not(model: Any, probes: str) -> str | None:
    if probes == "off":
        return "probes are off"
    if keras.backend.backend() != "tensorflow":
        return f"the {keras.backend.backend()} backend is not instrumented"
    if getattr(model, "_distribute_strategy", None) is not None:
        return "a distribution strategy is in use"
    return None


def _wrapped(
    model: Any, probes: str, on_nonfinite: str, on_step: OnStep, on_error: OnError
) -> AnyRecorder:
    from nanwatch.recorder.recorder import Recorder  # only here: it imports TensorFlow

    recorder = Recorder(
        model,
        guard=on_nonfinite != "record",
        keep_metrics_clean=on_nonfinite in ("skip", "rollback"),
        snapshots=probes == "full",
        on_step=on_step,
        on_error=on_error,
    )
    recorder.install()
    return recorder
