"""The recorder of the torch backend: its steps run in plain Python and are watched one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nanwatch.recorder.base import StepRecorder, unwatched
from nanwatch.recorder.rewind import rewind
from nanwatch.recorder.row import Layout
from nanwatch.recorder.seen import Step
from nanwatch.recorder.torch_step import TorchProbe


class TorchRecorder(StepRecorder):
    """Watches a train function ([batch]) -> logs.

    Args:
        guard: hold back updates that are not finite, and keep what they would have spoilt.
        keep_metrics_clean: keep them out of the metrics as well.
    """

    def __init__(
        self, model: Any, *, guard: bool, keep_metrics_clean: bool = False, **more: Any
    ) -> None:
        super().__init__(model, **more)
        self._guard = guard
        self._is_fresh = True
        self._probe = TorchProbe(model, guard, keep_metrics_clean)

    @property
    def layout(self) -> Layout:
        """What stands where in the row of the last step."""
        return self._probe.layout

    def epoch_begins(self) -> None:
        """Keras begins its running means anew."""
        super().epoch_begins()
        self._is_fresh = True

    def _unseen(self) -> None:
        super()._unseen()
        self._is_fresh = True

    def _watched(self) -> Callable[..., Any]:
        return lambda data: self._run(data)

    def _run(self, data: Any) -> Any:
        (batch,) = data
        if self._guard and self._is_fresh:  # going back never crosses an epoch's beginning, where
            self.flight.take(self.step)  # Keras resets metrics and callbacks change rates
        self._is_fresh = False
        self.batches.add(self.step, batch)
        moves = self._look_closely(self._probe.updated or self.model.trainable_variables)
        try:
            logs, row = self._probe.run(lambda: self._original(data), batch)
        except (Exception, KeyboardInterrupt) as error:
            self._on_error(self.step, batch, error)
            raise
        if self._probe.trouble is not None and not self.notes:
            self.notes.append(unwatched(self._probe.trouble))
        self._tell(batch, row, logs, moves)
        return logs

    def _undo(self, step: Step) -> None:
        """Only after the update is it known that healthy gradients made weights that are not."""
        if not self._guard or step.update_finite:
            return
        reached = rewind(self, self.step, self.model.train_step)
        if reached != self.step:
            self.notes.append(f"the state before step {self.step} could not be brought back whole")
