"""How runs, incidents and points look in JSON: the same in routes and live events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, get_args

from nanwatch.events import EndState, Points, Severity, to_json
from nanwatch_monitor.incidents import Health, Incident, health_of
from nanwatch_monitor.replies import numbers
from nanwatch_monitor.run_record import Run
from nanwatch_monitor.run_states import Deafness, State, seen_between, state_of, state_reason
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.runs import RunQuery

UNWELL: tuple[State, ...] = ("failed", "lost", "hung")


def iso(moment: float | None) -> str | None:
    """Seconds since 1970 as ISO 8601 in UTC."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class RunViews:
    """Runs as JSON, with the state and health of the moment.

    Args:
        deaf: when the server could not hear.
    """

    store: Store
    deaf: Deafness

    def many(self, runs: Sequence[Run], now: float) -> list[dict[str, Any]]:
        """A list of runs, without config and facts."""
        severities = self.store.incidents.severities([run.no for run in runs])
        return [_view(run, severities.get(run.no, []), now, self.deaf) for run in runs]

    def with_sizes(self, runs: Sequence[Run], now: float) -> list[dict[str, Any]]:
        """The same, and how many bytes are stored of each."""
        sizes = self.store.housekeeping.sizes([run.no for run in runs])
        views = self.many(runs, now)
        return [view | {"size_bytes": sizes[run.no]} for run, view in zip(runs, views, strict=True)]

    def counts(self, now: float) -> dict[str, int]:
        """How many runs there are in each state."""
        states = {state: self.of_state(RunQuery(), state, now) for state in get_args(State)}
        return {state: self.store.runs.count(query) for state, query in states.items()}

    def of_state(self, query: RunQuery, state: State, now: float) -> RunQuery:
        """The query for those of its runs that are in a state."""
        if state in get_args(EndState):
            return replace(query, end_state=state)
        seen = seen_between(state, now, self.deaf)
        hung = state == "hung" if state in ("running", "hung") else None
        return replace(query, end_state="", seen=seen, hung=hung)

    def one(self, run: Run, now: float) -> dict[str, Any]:
        """One run with config and facts."""
        described = {"config": run.description.config, "facts": run.description.facts}
        return self.with_sizes([run], now)[0] | described


def _view(run: Run, severities: Sequence[Severity], now: float, deaf: Deafness) -> dict[str, Any]:
    progress = run.progress
    state = state_of(progress, now, deaf)
    view = {
        "id": run.id,
        "name": run.description.name,
        "project": run.description.project,
        "state": state,
        "state_reason": state_reason(progress, state),
        "health": _health(severities, state),
        "incidents": len(severities),
        "tags": run.description.tags,
        "started_at": iso(run.started_at),
        "ended_at": iso(progress.ended_at),
        "updated_at": iso(progress.seen_at),
        "hung_since": iso(progress.hung_since),
        "last_step": progress.last_step,
        "last_loss": progress.last_loss,
        "best_val_loss": progress.best_val_loss,
        "reason": progress.reason,
        "pinned": run.marks.pinned,
        "note": run.marks.note,
    }
    found: dict[str, Any] = to_json(view)
    return found


def _health(severities: Sequence[Severity], state: State) -> Health:
    """A run that failed or cannot be heard is not well, whatever its numbers show."""
    return health_of([*severities, "warning"] if state in UNWELL else severities)


def diagnosis_view(incident: Incident) -> dict[str, Any]:
    """A diagnosis with the incident that it belongs to."""
    about = {"id": incident.id, "run_id": incident.run_id, "source": incident.source}
    found: dict[str, Any] = to_json(incident.diagnosis) | about
    return found


def alert_view(incident: Incident) -> dict[str, Any]:
    """An incident as a line in the list of alerts."""
    diagnosis = incident.diagnosis
    standing = incident.standing
    return {
        "id": incident.id,
        "run_id": incident.run_id,
        "run_name": incident.run_name,
        "project": incident.project,
        "symptom": diagnosis.symptom,
        "fault": diagnosis.fault,
        "severity": diagnosis.severity,
        "label": diagnosis.label,
        "state": standing.state,
        "muted": standing.muted,
        "muted_until": iso(standing.muted_until),
        "opened_at": iso(incident.opened_at),
        "acknowledged_at": iso(standing.acknowledged_at),
        "resolved_at": iso(standing.resolved_at),
        "first_step": diagnosis.first_step,
        "summary": diagnosis.causes[0].summary if diagnosis.causes else "",
        "verdict": standing.verdict,
        "note": standing.note,
        "deliveries": {"sent": 0, "waiting": 0, "failed": 0} | dict(incident.deliveries),
    }


def points_view(run_id: str, blocks: Iterable[Points]) -> dict[str, Any]:
    """Blocks of points as live event: for each series its steps and values."""
    series: dict[str, dict[str, list[Any]]] = {}
    for block in blocks:
        steps = block.steps.tolist()
        for name, values in block.values.items():
            found = series.setdefault(name, {"steps": [], "values": []})
            found["steps"] += steps
            found["values"] += numbers(values)
    return {"run_id": run_id, "series": series}
