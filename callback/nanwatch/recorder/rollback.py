"""Going back to the last healthy state, with a lower rate, a few times."""

from __future__ import annotations

import contextlib
from typing import Any

from nanwatch.recorder.install import AnyRecorder
from nanwatch.recorder.snapshot import fill_variables

TRIES, RATE_CUT = 3, 0.5
"""How often a fit goes back, each time with so much of its rate: an eighth is left at last."""


class Rollback:
    """Brings a model back to its last healthy snapshot and halves the learning rate."""

    def __init__(self, model: Any, recorder: AnyRecorder) -> None:
        self._model = model
        self._recorder = recorder
        self._left = TRIES

    def go_back(self) -> bool:
        """Go back once more; False when there is no snapshot or the tries are used up."""
        healthy = self._recorder.healthy
        if healthy is None or not self._left:
            return False
        self._left -= 1
        optimizer = self._model.optimizer
        rate = float(optimizer.learning_rate)
        fill_variables(self._model)
        counted = [(variable, variable.numpy()) for variable in self._model.metrics_variables]
        healthy.restore()
        for variable, value in counted:  # the snapshot's may be those of an earlier epoch
            variable.assign(value)
        with contextlib.suppress(TypeError):  # a schedule sets its own
            optimizer.learning_rate = rate * RATE_CUT
        return True
