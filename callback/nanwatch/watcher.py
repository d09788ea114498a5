"""The brain: events in, diagnoses out. No clock, no I/O, no thread.

The server runs one on every stream. The callback runs the same one beside the evidence that only
it has: it takes the signals of `observe` and asks `diagnose` with an autopsy.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from nanwatch import diagnosis
from nanwatch.detectors import Detector, ExplosionDetector, NonFiniteDetector, Signal
from nanwatch.diagnosis.case import Autopsy, Case, History, Trial
from nanwatch.events import Diagnosed, Diagnosis, Event, FactsLearned, Points, RunStarted

KEPT = 256
FIRST = 16
GRAD_NORM, RATE = "batch/grad_norm", "batch/learning_rate"


class Watcher:
    """Watches one run: feeds its detectors and turns signals into diagnoses, once a symptom."""

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}
        self._detectors: dict[str, tuple[Detector, ...]] = {}
        self._recent: dict[str, deque[tuple[int, float]]] = {}
        self._first: dict[str, list[float]] = {}
        self._seen: dict[str, int] = {}
        self._known: set[str] = set()

    def feed(self, event: Event) -> tuple[Diagnosis, ...]:
        """Take an event; return the diagnoses that it proves, in order."""
        match event:
            case RunStarted() | FactsLearned():
                self.facts.update(event.facts)
            case Diagnosed():
                self._known.add(event.diagnosis.symptom)
            case Points():
                return tuple(self.diagnose(signal) for signal in self._signals(event))
        return ()

    def observe(self, name: str, step: int, value: float) -> Signal | None:
        """Take one point; return a signal when it proves a symptom that was not known yet."""
        self._remember(name, step, value)
        signal = None
        for detector in self._detectors_of(name):
            found = detector.update(step, value)
            if found is not None and self._counts(found) and self.is_news(found):
                signal = found
        return signal

    def is_news(self, signal: Signal) -> bool:
        """Whether a symptom seen elsewhere was not known yet; from now on it is."""
        news = signal.symptom not in self._known
        self._known.add(signal.symptom)
        return news

    def diagnose(
        self,
        signal: Signal,
        autopsy: Autopsy | None = None,
        trials: Mapping[str, Trial] | None = None,
    ) -> Diagnosis:
        """The diagnosis of a signal, with what the run has shown and, if given, an autopsy."""
        return diagnosis.diagnose(self.case(signal, autopsy, trials))

    def case(
        self,
        signal: Signal,
        autopsy: Autopsy | None = None,
        trials: Mapping[str, Trial] | None = None,
    ) -> Case:
        """Everything known about a signal."""
        return Case(
            signal.symptom,
            signal.severity,
            signal.first_step,
            signal.seen,
            dict(self.facts),
            self._history(signal),
            autopsy,
            dict(trials or {}),
        )

    def _signals(self, points: Points) -> list[Signal]:
        columns = [(name, column.tolist()) for name, column in points.values.items()]
        columns.sort(key=lambda item: _order(item[0]))
        found = []
        for row, step in enumerate(points.steps.tolist()):
            signals = [self.observe(name, step, column[row]) for name, column in columns]
            found += [signal for signal in signals if signal is not None]
        return found

    def _counts(self, signal: Signal) -> bool:
        """Loss scaling backs off from infinite gradients by design: there only the loss counts."""
        return signal.series != GRAD_NORM or not self.facts.get("loss_scaling")

    def _detectors_of(self, name: str) -> tuple[Detector, ...]:
        if name not in self._detectors:
            self._detectors[name] = _make_detectors(name)
        return self._detectors[name]

    def _remember(self, name: str, step: int, value: float) -> None:
        if not (is_loss(name) or name in (GRAD_NORM, RATE)):
            return
        self._recent.setdefault(name, deque(maxlen=KEPT)).append((step, value))
        self._seen[name] = self._seen.get(name, 0) + 1
        first = self._first.setdefault(name, [])
        if len(first) < FIRST:
            first.append(value)

    def _history(self, signal: Signal) -> History:
        loss = signal.series if is_loss(signal.series) else "batch/loss"
        return History(
            loss=self._until(loss, signal.first_step),
            grad_norm=self._until(GRAD_NORM, signal.first_step),
            learning_rate=self._until(RATE, signal.first_step),
            first_losses=tuple(self._first.get(loss, ())),
            seen=self._seen.get(loss, 0),
        )

    def _until(self, name: str, step: int) -> tuple[float, ...]:
        return tuple(value for at, value in self._recent.get(name, ()) if at <= step)


def is_loss(name: str) -> bool:
    """Whether a series is a training loss: `batch/loss` or a named part such as `batch/d_loss`."""
    if not name.startswith("batch/") or name.startswith("batch/val_"):
        return False
    key = name.removeprefix("batch/")
    return key in ("loss", "nll") or key.endswith("_loss")


def _order(name: str) -> tuple[bool, str]:
    """Losses are looked at last, so that the case of a bad loss holds its step's other values."""
    return is_loss(name), name


def _make_detectors(name: str) -> tuple[Detector, ...]:
    if is_loss(name):
        return NonFiniteDetector(name), ExplosionDetector(name)
    if name == GRAD_NORM:
        return (NonFiniteDetector(name),)
    if name == "epoch/val_loss":
        return (NonFiniteDetector(name, "nan_val_only"),)
    return ()
