"""What happens to alerts by time alone: explosions that calm down, runs that fall silent and come
back, mutes that end, alerts that nobody takes up.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from sqlalchemy.exc import SQLAlchemyError

from nanwatch.step_times import TIME
from nanwatch_monitor.alerts.calm import Thermometer, heat
from nanwatch_monitor.alerts.words import minute
from nanwatch_monitor.incidents import OLD_AFTER_S, SILENCES, Incident, Telling
from nanwatch_monitor.run_record import Run
from nanwatch_monitor.run_states import state_of
from nanwatch_monitor.series.reader import SeriesReader
from nanwatch_monitor.store.runs import RunQuery
from nanwatch_monitor.views import RunViews

PACE_S = 10.0
FORGET_EVERY_S = 3600.0
LATE_S = 3600.0  # a run that was lost longer ago is no news
MOST = 100
_LOOKED_AT = 50  # losses
_SERIES = "batch/loss"
_HOT = "exploding_loss"

_END = {
    "finished": "It has finished.",
    "failed": "It has failed.",
    "interrupted": "It has been interrupted.",
}

log = logging.getLogger(__name__)


class Upkeep:
    """A thread that looks after alerts every few seconds.

    Args:
        changed: called with the ids of the alerts that were changed.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        views: RunViews,
        reader: SeriesReader,
        changed: Callable[[Sequence[int]], None],
        clock: Callable[[], float],
    ) -> None:
        self._views, self._store, self._reader = views, views.store, reader
        self._changed, self._clock = changed, clock
        self._thermometers: dict[int, tuple[Thermometer, int]] = {}
        self._forgot_at = float("-inf")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="nanwatch-upkeep", daemon=True)

    @property
    def works(self) -> bool:
        """Whether the thread lives."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Leave."""
        self._stopping.set()
        self._thread.join()

    def look(self) -> None:
        """Look after everything once."""
        now = self._clock()
        changed = [
            *self._store.alerts.unmute_expired(now),
            *self._temperatures(now),
            *self._silences(now),
            *self._returns(now),
            *self._store.turns.settle(now),
            *self._store.reminders.tell(now),
        ]
        if changed:
            self._changed(changed)
        if now - self._forgot_at >= FORGET_EVERY_S:
            self._store.outbox.forget(now)
            self._forgot_at = now

    def _work(self) -> None:
        while not self._stopping.wait(PACE_S):
            try:
                self.look()
            except SQLAlchemyError as error:
                log.warning("alerts wait for the database: %s", type(error).__name__)

    def _temperatures(self, now: float) -> Iterator[int]:
        """Explosions that have calmed down, and those that are back."""
        turns = self._store.turns
        alerts = [*turns.living([_HOT], MOST), *turns.calmed(_HOT, MOST)]
        kept, self._thermometers = self._thermometers, {}
        for alert in alerts:
            hot = alert.standing.state != "resolved"
            thermometer, seen = kept.get(alert.id, (Thermometer(hot), -1))
            self._thermometers[alert.id] = (thermometer, seen)
            reading = self._reading(alert, seen)
            if reading is None or not self._read(alert, thermometer, *reading, now):
                continue
            yield alert.id

    def _read(
        self, alert: Incident, thermometer: Thermometer, last: int, ratio: float, now: float
    ) -> bool:
        """Take a reading; whether it has changed the alert."""
        thermometer.hot = alert.standing.state != "resolved"
        self._thermometers[alert.id] = (thermometer, last)
        if not thermometer.read(ratio, now):
            return False
        times = f"{ratio:.3g} times what it was before it exploded"
        if thermometer.hot:
            return self._store.turns.flare(alert.id, f"The loss is {times}.", now)
        note = f"The loss has calmed down: at step {last} it is {times}."
        return self._store.turns.calm(alert.id, note, now)

    def _reading(self, alert: Incident, seen: int) -> tuple[int, float] | None:
        """The latest step and how hot the loss is; None when nothing new is known."""
        run, first = self._store.runs.find(alert.run_id), alert.diagnosis.first_step
        last = None if run is None else run.progress.last_step
        if not first or last is None or last <= max(seen, first):
            return None
        earlier = max(0, first - _LOOKED_AT)
        before = self._reader.points(alert.run_id, _SERIES, earlier, first - 1, _LOOKED_AT)
        since = max(first, last - _LOOKED_AT + 1)
        lately = self._reader.points(alert.run_id, _SERIES, since, None, _LOOKED_AT)
        if before is None or lately is None:
            return None
        ratio = heat(before.values.tolist(), lately.values.tolist())
        return None if ratio is None else (last, ratio)

    def _silences(self, now: float) -> Iterator[int]:
        """Runs that are lost or hung by now."""
        turns = self._store.turns
        silent = {(one.run_id, one.diagnosis.symptom) for one in turns.living(SILENCES, MOST)}
        known = {run_id for run_id, _ in silent}
        for symptom in ("hung", "lost"):
            for run in self._in_state(symptom, now):
                if run.id not in known:
                    known.add(run.id)
                    made_at = self._made_at(run)
                    telling: Telling = "firing" if made_at is None else "late"
                    words = _silence_words(symptom, run, made_at)
                    yield from turns.fall_silent(run.id, symptom, words, now, telling)

    def _made_at(self, run: Run) -> float | None:
        """When a run made its last step that was delivered long after; None when it was not."""
        times = self._reader.overview(run.id, TIME, None, None, 1)
        if times is None or not max(times.high) < run.progress.seen_at - OLD_AFTER_S:
            return None
        return float(max(times.high))

    def _in_state(self, state: Literal["hung", "lost"], now: float) -> Sequence[Run]:
        query = self._views.of_state(RunQuery(limit=MOST), state, now)
        after, until = query.seen or (0.0, now)
        no_news = self._views.deaf.moment_before(now, LATE_S)
        recent = replace(query, seen=(max(after, no_news), until))
        return self._store.runs.list(recent)

    def _returns(self, now: float) -> Iterator[int]:
        """Runs that were lost or hung and are not any more."""
        silent = self._store.turns.living(SILENCES, MOST)
        runs = {run.id: run for run in self._store.runs.some([one.run_id for one in silent])}
        for alert in silent:
            progress = runs[alert.run_id].progress if alert.run_id in runs else None
            state = state_of(progress, now, self._views.deaf) if progress else "lost"
            if progress is None or state in ("stale", *SILENCES):
                continue
            note = _END.get(state, f"It is running again, at step {progress.last_step}.")
            if self._store.turns.calm(alert.id, note, now, "correction"):
                yield alert.id


def _silence_words(symptom: str, run: Run, made_at: float | None) -> str:
    progress = run.progress
    step = "" if progress.last_step is None else f" The last step was {progress.last_step}."
    if made_at is not None:
        how = f"It made its last step at {minute(made_at)} by its own clock, and told no end."
        return f"It was delivered late. {how}{step}"
    if symptom == "hung" and progress.hung_since is not None:
        return f"It reports, but makes no step since {minute(progress.hung_since)}.{step}"
    cannot = "It was ended, or cannot reach this server."
    return f"No contact since {minute(progress.seen_at)}. {cannot}{step}"
