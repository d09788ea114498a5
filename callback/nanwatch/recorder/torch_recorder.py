"""The recorder of the torch backend: its steps run in plain Python and are watched one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nanwatch.recorder.base import StepRecorder, unwatched
from nanwatch.recorder.row import Layout
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
        self._probe = TorchProbe(model, guard, keep_metrics_clean)

    @property
    def layout(self) -> Layout:
        """What stands where in the row of the last step."""
        return self._probe.layout

    def _watched(self) -> Callable[..., Any]:
        return lambda data: self._run(data)

    def _run(self, data: Any) -> Any:
        (batch,) = data
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
