"""Sees what lies round the steps of a fit: the data, the validation and what was raised.

The watcher is told, so that a case holds it. Nothing in here may harm the fit: data of a strange
kind are simply not looked at.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from nanwatch.detectors import Signal
from nanwatch.diagnosis import diagnose
from nanwatch.diagnosis.case import Autopsy, Case
from nanwatch.diagnosis.looks import ArrayLook, ErrorStage
from nanwatch.diagnosis.ranking import LIKELY
from nanwatch.events import Diagnosis
from nanwatch.recorder.source import DataSource
from nanwatch.watcher import Watcher

Looking = Callable[[Any, Any, DataSource], tuple[ArrayLook, ...]]


class Witness:
    """Tells the watcher of one fit of `model` what its steps don't show.

    Attributes:
        validating: whether a validation of the fit is running.
    """

    def __init__(self, model: Any, source: DataSource, recorder: Any, watcher: Watcher) -> None:
        self.validating = False
        self._judged = False
        self._model = model
        self._source = source
        self._recorder = recorder
        self._watch = getattr(recorder, "validation", None)
        self._watcher = watcher

    def see_data(self, batch: Any) -> dict[str, Any]:
        """Look at the data set, or at this first batch; return facts on how the data come."""
        from nanwatch.autopsy.batch import look_at_data  # only now: it imports Keras

        self._watcher.data = self._looks(look_at_data, batch)
        facts = {"data_kind": self._source.kind, "class_weight": self._class_weight()}
        return {name: value for name, value in facts.items() if value}

    def _class_weight(self) -> dict[str, float | str]:
        """The weights of the classes; what is not finite travels as text."""
        given = {str(key): float(value) for key, value in (self._source.class_weight or {}).items()}
        return {key: v if math.isfinite(v) else str(v) for key, v in given.items()}

    def validation_begins(self) -> None:
        """Keras begins a validation."""
        self.validating = True
        if self._watch is not None:
            self._watch.begin()

    def validation_ends(self) -> None:
        """Keras has ended a validation; the epoch's end follows."""
        self.validating = False
        if self._watch is not None:
            self._watch.end()

    def judge_validation(self, loss: float) -> Diagnosis | None:
        """Look at the validation data after an epoch.

        Returns:
            A warning, told once, where they hold what is no number and their loss hides it.
        """
        if not math.isfinite(loss):
            self.see_validation()
            return None
        batch = getattr(self._watch, "unsound", None)
        if batch is None or self._judged or not all(map(_sound, self._watcher.data)):
            return None
        self._judged = True
        return self._hidden(batch, loss)

    def _hidden(self, batch: Any, loss: float) -> Diagnosis | None:
        from nanwatch.autopsy.batch import look_at_validation  # only now: it imports Keras
        from nanwatch.autopsy.fused import loses_nan

        try:
            hidden = loses_nan(self._model, batch)
        except Exception:  # noqa: BLE001 - a door: a model may refuse to be called outside of fit
            return None
        seen, last = f"{loss:.4g}, of inputs that are not finite", self._recorder.step - 1
        signal = Signal("nan_val_only", "warning", "epoch/val_loss", last, seen)
        if not hidden or not self._watcher.is_news(signal):
            return None
        self._watcher.validation = self._looks(look_at_validation, batch)
        found = diagnose(self._watcher.case(signal, Autopsy(predictions_finite=False, loss=loss)))
        return found if found.likelihood >= LIKELY else None

    def see_validation(self) -> None:
        """Look at the validation data after their loss was not finite."""
        from nanwatch.autopsy.batch import look_at_validation  # only now: it imports Keras

        failure = self._watch.failure if self._watch is not None else None
        self._watcher.validation = self._looks(look_at_validation, failure and failure[1])

    def see_error(self, error: BaseException, has_batch: bool) -> None:
        """Look at what was raised."""
        from nanwatch.autopsy.errors import look_at_error  # only now: it imports Keras

        stage: ErrorStage = "step" if has_batch else "pipeline"
        self._watcher.error = look_at_error(error, "validation" if self.validating else stage)
        if self.validating:
            self.see_validation()

    def see_spike(self, signal: Signal) -> Case | None:
        """Look at the batch whose loss stood out; None when nothing in it is a likely cause."""
        from nanwatch.autopsy.batch import look_at_batch  # only now: it imports Keras

        kept = dict(self._recorder.batches.since(signal.first_step or 0))
        if signal.first_step not in kept:
            return None
        looks = self._looks(look_at_batch, kept[signal.first_step])
        case = self._watcher.case(signal, Autopsy(looks))
        likely = diagnose(case).likelihood >= LIKELY
        return case if likely and self._watcher.is_news(signal) else None

    def _looks(self, look: Looking, batch: Any) -> tuple[ArrayLook, ...]:
        try:
            return look(self._model, batch, self._source)
        except Exception:  # noqa: BLE001 - a door: what cannot be looked at can still be trained on
            return ()


def _sound(look: ArrayLook) -> bool:
    return look.role != "input" or look.finite
