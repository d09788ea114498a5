"""Chooses the recorder that fits: the step itself where it can be wrapped, else its logs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import keras

from nanwatch.recorder.batches import BatchRing
from nanwatch.recorder.logs import LogsRecorder
from nanwatch.recorder.memory import BUDGET
from nanwatch.recorder.seen import Step
from nanwatch.recorder.strategy import strategy_of

if TYPE_CHECKING:
    from nanwatch.recorder.snapshot import Snapshot

OnStep = Callable[[Step], None]
OnError = Callable[[int, Any, BaseException], None]

STRATEGIES = ("MirroredStrategy", "OneDeviceStrategy")
"""The distribution strategies under which a step can be watched."""


class AnyRecorder(Protocol):
    """What all recorders can do."""

    model: Any
    step: int
    first: int
    notes: list[str]
    batches: BatchRing

    @property
    def start(self) -> Snapshot | None:
        """The state in which the fit began."""
        ...

    @property
    def healthy(self) -> Snapshot | None:
        """The last copy of a finite state."""
        ...

    def install(self) -> None:
        """Begin to watch."""
        ...

    def go_on(self, step: int) -> None:
        """Count from here: the fit, of which no step was made yet, continues another one."""
        ...

    def epoch_begins(self) -> None:
        """Keras begins its running means anew."""
        ...

    def uninstall(self) -> None:
        """Leave the model as it was."""
        ...


def install(
    model: Any,
    probes: str,
    on_nonfinite: str,
    on_step: OnStep,
    on_error: OnError,
    every: int | None = 1,
    memory: int = BUDGET,
) -> AnyRecorder:
    """Install the best recorder that this model and backend allow; never raises for ours.

    Args:
        probes: "full", "light" (no layers, no data, no replays) or "off" (the logs only).
        on_nonfinite: what the guard is to do; "record" touches nothing.
        every: the steps between two that are logged; None when none is.
        memory: bytes for everything that the flight recorder keeps.
    """
    why = _why_not(model, probes)
    if why is None:
        try:
            return _wrapped(model, probes, on_nonfinite, on_step, on_error, every, memory)
        except Exception as error:  # noqa: BLE001 - a door: a model that cannot be wrapped must train
            why = f"the step could not be wrapped ({type(error).__name__}: {error})"
    recorder = LogsRecorder(model, on_step, on_error)
    recorder.notes.append(f"{why}: losses are read from Keras' running means, nothing is held back")
    recorder.install()
    return recorder


def _why_not(model: Any, probes: str) -> str | None:
    if probes == "off":
        return "probes are off"
    backend = keras.backend.backend()
    if backend not in ("tensorflow", "jax", "torch"):
        return f"the {backend} backend is not instrumented"
    if backend == "torch" and model.jit_compile:
        return "torch.compile takes the step whole"
    if backend == "jax" and keras.config.is_nnx_enabled():
        return "with NNX the step cannot be replaced"
    strategy = strategy_of(model)
    if strategy is not None and type(strategy).__name__ not in STRATEGIES:
        return f"the distribution strategy {type(strategy).__name__} is in use"
    return None


def _wrapped(
    model: Any,
    probes: str,
    on_nonfinite: str,
    on_step: OnStep,
    on_error: OnError,
    every: int | None,
    memory: int,
) -> AnyRecorder:
    recorder: AnyRecorder = _kind()(
        model,
        guard=on_nonfinite != "record",
        keep_metrics_clean=on_nonfinite in ("skip", "rollback"),
        full=probes == "full",
        every=every,
        memory=memory,
        on_step=on_step,
        on_error=on_error,
    )
    recorder.install()
    return recorder


def _kind() -> Callable[..., Any]:
    """The recorder of the backend in use; only here is the backend's own library imported."""
    match keras.backend.backend():
        case "jax":
            from nanwatch.recorder.jax_recorder import JaxRecorder

            return JaxRecorder
        case "torch":
            from nanwatch.recorder.torch_recorder import TorchRecorder

            return TorchRecorder
        case _:
            from nanwatch.recorder.recorder import Recorder

            return Recorder
