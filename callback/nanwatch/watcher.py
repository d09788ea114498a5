"""The brain: events in, diagnoses out. No clock, no I/O, no thread.

The server runs one on every stream. The callback runs the same one beside the evidence that only
it has: it takes the signals of `observe` and asks `diagnose` with an autopsy.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nanwatch import diagnosis
from nanwatch.detectors import Course, Signal, Stretch, suspicions
from nanwatch.diagnosis.apart import facts_of
from nanwatch.diagnosis.bounds import is_own, lowest, names_of
from nanwatch.diagnosis.case import Autopsy, Case, History, Trial
from nanwatch.diagnosis.looks import ArrayLook, ErrorLook
from nanwatch.events import (
    MAX_STEP,
    Diagnosed,
    Diagnosis,
    Event,
    FactsLearned,
    Points,
    RunStarted,
    Symptom,
)
from nanwatch.tracks import (
    GRAD_NORM,
    RATE,
    Track,
    is_loss,
    is_watched,
    losses_last,
    make_detectors,
    with_fault,
)

RISING = 1.001
"""A rate above this many times that of the middle one of those remembered is rising."""
MAX_EPOCHS = 10_000
"""No more epochs are remembered: a stream may tell of as many as it likes."""
FAR, NEAR, GROUP = 1024, 64, 16
"""So many rows are looked at together; fewer where one may be news, and a few one by one then."""
SPIKE: Symptom = "loss_spike"
EPOCH_END = "epoch/last_step"

Column = tuple[Track, NDArray[np.float64]]


class Watcher:
    """Watches one run: feeds its detectors and turns signals into diagnoses, once a symptom.

    Attributes:
        data, validation, error: what a case holds of them; only the training process can know.
    """

    data: tuple[ArrayLook, ...] = ()
    validation: tuple[ArrayLook, ...] = ()
    error: ErrorLook | None = None

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}
        self._tracks: dict[str, Track] = {}
        self._known: set[str] = set()
        self._last_step: int | None = None  # of what was logged by the batch
        self._epochs: dict[str, list[float]] = {}
        self._early: dict[str, float] = {}
        self._late: dict[str, float] = {}

    def feed(self, event: Event) -> tuple[Diagnosis, ...]:
        """Take an event; return the diagnoses that it proves, in order."""
        match event:
            case RunStarted() | FactsLearned():
                self.facts.update(event.facts)
            case Diagnosed():
                if event.diagnosis.severity != "info":  # what was only foreseen may still come
                    self._known.add(event.diagnosis.symptom)
            case Points():
                return tuple(self._judged(event))
        return ()

    def observe(self, name: str, step: int, value: float) -> Signal | None:
        """Take one point; return a signal when it proves a symptom that was not known yet."""
        return self._take(self._track(name), step, value) if is_watched(name) else None

    def learn_details(self, details: Mapping[str, float]) -> None:
        """Take the points of the layers and the data, of a step that was looked at closely."""
        self._late.update(details)
        self._early = {**details, **self._early}

    def suspicions(self, guess: float = math.nan, penalty: float = 0.0) -> list[Signal]:
        """What may be wrong with a run that looks finite: to be examined, not to be told.

        Args:
            guess: the loss of the best constant guess for the labels at hand, NaN when unknown.
            penalty: what regularisation adds to the loss now.
        """
        return suspicions(self.course(guess, penalty)) if not self._known else []

    @property
    def outputs(self) -> list[str]:
        """The outputs of a model of several, as far as their losses are told one by one."""
        told = [str(end.get("name") or "") for end in self.facts.get("outputs") or ()]
        names = [name for name in told if self._losses_of(name) in self._tracks]
        return names if len(names) > 1 else []

    def course(self, guess: float = math.nan, penalty: float = 0.0, output: str = "") -> Course:
        """What the run has shown so far, as the silent symptoms are judged by it.

        Args:
            output: the name of one of several `outputs`, whose own loss is to be judged.
        """
        series = self._losses_of(output) if output else "batch/loss"
        facts = facts_of(self.facts, output) if output else self.facts
        track = self._track(series)
        return Course(
            loss=track.curve,
            epochs={} if output else {name: tuple(v) for name, v in self._epochs.items()},
            planned=self.facts.get("epochs"),
            guess=guess,
            penalty=penalty,
            lowest=lowest(facts),
            losses=names_of(facts),
            custom=is_own(facts),
            last_step=track.recent[-1][0] if track.recent else None,
            series=series,
        )

    @staticmethod
    def _losses_of(output: str) -> str:
        return f"batch/{output}_loss"

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
            self.data,
            self.validation,
            self.error,
            fault=signal.fault,
        )

    def _judged(self, points: Points) -> Iterator[Diagnosis]:
        """What a block proves, row by row: each signal is judged by what came before it."""
        self._remember_epochs(points)
        names = sorted(filter(is_watched, points.values), key=losses_last)
        columns = [(self._track(name), points.values[name]) for name in names]
        if any(name.startswith("batch/") for name in points.values):
            self._last_step = int(points.steps.max()) if len(points.steps) else self._last_step
        at, end, look = 0, len(points.steps) if columns else 0, FAR
        while at < end:
            passed = _pass_over(columns, points.steps[at : at + look], at)
            at += passed
            if passed < look == NEAR or end - at < GROUP:
                yield from self._judged_rows(columns, points, range(at, min(at + GROUP, end)))
                at += GROUP
            look = min(FAR, 2 * look) if passed == look else NEAR

    def _judged_rows(
        self, columns: Sequence[Column], points: Points, rows: range
    ) -> Iterator[Diagnosis]:
        some = slice(rows.start, rows.stop)
        steps = points.steps[some].tolist()
        lists = [(track, values[some].tolist()) for track, values in columns]
        for row, step in enumerate(steps):
            for track, values in lists:
                signal = self._take(track, step, values[row])
                if signal is not None and signal.symptom != SPIKE:  # a suspicion: see Witness
                    yield self.diagnose(self._placed(signal, points, rows[row]))

    def _remember_epochs(self, points: Points) -> None:
        for name, values in points.values.items():
            if name.startswith("epoch/") and name != EPOCH_END:
                known = self._epochs.setdefault(name.removeprefix("epoch/"), [])
                known += values.tolist()[: MAX_EPOCHS - len(known)]

    def _placed(self, signal: Signal, points: Points, row: int) -> Signal:
        """The signal with what its row tells; an epoch is dated by its last step."""
        if not signal.series.startswith("epoch/"):
            return with_fault(signal, {name: v[row] for name, v in points.values.items()})
        end = points.values[EPOCH_END][row] if EPOCH_END in points.values else -1
        return replace(signal, first_step=int(end) if 0 <= end <= MAX_STEP else self._last_step)

    def _take(self, track: Track, step: int, value: float) -> Signal | None:
        track.remember(step, value)
        news = None
        for detector in track.detectors:
            found = detector.update(step, value)
            if found is not None and self._counts(found):
                news = found if found.symptom == SPIKE or self.is_news(found) else news
        return news

    def _counts(self, signal: Signal) -> bool:
        """Loss scaling backs off from infinite gradients by design: there only the loss counts.

        A validation of a model that training has spoilt tells nothing new, nor does a spike.
        """
        if signal.symptom == SPIKE:
            return not self._known
        if signal.symptom == "nan_val_only":
            return all(map(math.isfinite, self._epochs.get("loss", ())))
        return signal.series != GRAD_NORM or not self.facts.get("loss_scaling")

    def _track(self, name: str) -> Track:
        track = self._tracks.get(name)
        if track is None:
            track = self._tracks[name] = Track(make_detectors(name))
        return track

    @property
    def progress(self) -> tuple[int, float]:
        """How many epochs have ended, and the share of what was planned that is done."""
        ended, planned = len(self._epochs.get("loss", ())), self.facts.get("epochs") or 1
        steps = planned * (self.facts.get("steps_per_epoch") or 0)
        return ended, self._track("batch/loss").seen / steps if steps else ended / planned

    @property
    def rate_rises(self) -> bool:
        """Whether a schedule raises the learning rate just now: the training only warms up."""
        rates = [rate for _, rate in self._track(RATE).recent]
        return bool(rates) and rates[-1] > RISING * rates[len(rates) // 2]

    def _first_rate(self) -> dict[str, float]:
        first = self._track(RATE).curve.first
        return {RATE: first[0]} if first else {}

    def _history(self, signal: Signal) -> History:
        loss = self._track(signal.series if is_loss(signal.series) else "batch/loss")
        at_once = signal.severity == "critical" or signal.symptom == SPIKE
        end = signal.first_step if at_once else None  # else all of the run
        return History(
            loss=_until(loss, end),
            grad_norm=_until(self._track(GRAD_NORM), end),
            learning_rate=_until(self._track(RATE), end),
            first_losses=tuple(loss.curve.first),
            seen=loss.seen,
            epochs={name: tuple(values) for name, values in self._epochs.items()},
            early=self._early | self._first_rate(),
            late=self._late,
        )


def _pass_over(columns: Sequence[Column], steps: NDArray[np.int64], at: int) -> int:
    """Take the rows from row `at` on that are plainly quiet in every series; how many were.

    Few rows are not worth it: whoever looks at them together pays some arrays first.
    """
    n = len(steps) if len(steps) > GROUP else 0
    coming = [(track, Stretch(values[at : at + n])) for track, values in columns]
    for track, stretch in coming:
        n = min(n, track.quiet(stretch)) if n else 0
    for track, stretch in coming if n else ():
        track.pass_over(steps[:n], stretch[:n])
    return n


def _until(track: Track, step: int | None) -> tuple[float, ...]:
    return tuple(value for at, value in track.recent if step is None or at <= step)
