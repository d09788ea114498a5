"""Alerts as people deal with them: listed, acknowledged, resolved, muted, judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from nanwatch.events import Severity
from nanwatch_monitor.incidents import AlertState, Incident
from nanwatch_monitor.store.alert_tables import attempt, incident, mute, outbox
from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.incident_rows import incidents_by_ids, incidents_of, joined
from nanwatch_monitor.store.incidents import REOPENED
from nanwatch_monitor.store.tables import run
from nanwatch_monitor.store.telling import drop_waiting

_UNMUTED = {"muted": False, "muted_until": None}


@dataclass(frozen=True)
class AlertQuery:
    """Which alerts a list holds; None leaves out the condition.

    Attributes:
        before_id: only alerts that were opened before this one: where the last page ended.
    """

    state: AlertState | None = None
    run_id: str | None = None
    project: str | None = None
    severity: Severity | None = None
    before_id: int | None = None
    limit: int = 50


@dataclass(frozen=True)
class Mute:
    """What is not told for a while: all that fits what is given.

    Attributes:
        until: seconds since 1970.
    """

    id: int
    run_id: str | None
    project: str | None
    symptom: str | None
    until: float
    reason: str


@dataclass(frozen=True)
class Attempt:
    """One try to deliver a message to a channel.

    Attributes:
        kind: the channel's kind.
        at: seconds since 1970.
        state: "sent"; "retry": it is tried again; "failed": it is not.
        status: what the receiver answered, if it did.
    """

    channel: str
    kind: str
    at: float
    attempt: int
    state: str
    status: int | None
    latency_ms: int
    error: str


class AlertStore:
    """Reads alerts and keeps what people make of them.

    An alert is an incident that is worth telling: anything but an "info".
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def matching(self, query: AlertQuery) -> list[Incident]:
        """Alerts, the latest first."""
        found = joined().where(*_conditions(query))
        with self._database.read() as connection:
            page = found.order_by(incident.c.id.desc()).limit(query.limit)
            return incidents_of(connection, page)

    def acknowledge(self, alert_id: int, now: float) -> Incident | None:
        """Somebody looks after it. None when there is no such alert."""
        seen = {"state": "acknowledged", "acknowledged_at": now, "resolved_at": None, "note": ""}
        return self._change(alert_id, seen)

    def resolve(self, alert_id: int, now: float) -> Incident | None:
        """Somebody found it done with; what waits to be told of it is not told any more."""
        done = {"state": "resolved", "resolved_at": now, "note": ""}
        return self._change(alert_id, done, silence=True)

    def reopen(self, alert_id: int) -> Incident | None:
        """It is not done with after all."""
        return self._change(alert_id, REOPENED)

    def mute(self, alert_id: int, until: float | None) -> Incident | None:
        """Tell nothing of it until a moment or, without one, until it becomes worse."""
        return self._change(alert_id, {"muted": True, "muted_until": until}, silence=True)

    def unmute(self, alert_id: int) -> Incident | None:
        """Tell of it again, from the next news on."""
        return self._change(alert_id, _UNMUTED)

    def judge(self, alert_id: int, right: bool | None) -> Incident | None:
        """Keep whether somebody found the diagnosis right."""
        return self._change(alert_id, {"verdict": right})

    def unmute_expired(self, now: float) -> list[int]:
        """End the mutes whose time has come; the alerts that were freed."""
        over = (incident.c.muted, incident.c.muted_until <= now)
        with self._database.write() as connection:
            connection.execute(delete(mute).where(mute.c.until <= now))
            freeing = update(incident).where(*over).values(_UNMUTED).returning(incident.c.id)
            return list(connection.scalars(freeing))

    def attempts(self, alert_id: int) -> list[Attempt]:
        """Every attempt to tell of an alert, the latest first."""
        fields = tuple(attempt.c[name] for name in Attempt.__dataclass_fields__ if name != "kind")
        messages = select(outbox.c.message_id).where(outbox.c.incident_id == alert_id)
        query = select(*fields, attempt.c.channel_kind.label("kind")).where(
            attempt.c.message_id.in_(messages)
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(attempt.c.id.desc())).mappings()
            return [Attempt(**row) for row in rows]

    def mutes(self, now: float) -> list[Mute]:
        """The mutes in force, the latest first."""
        query = _mutes().where(mute.c.until > now).order_by(mute.c.id.desc())
        with self._database.read() as connection:
            return [Mute(*row) for row in connection.execute(query)]

    def add_mute(self, new: Mute, now: float) -> tuple[Mute, Sequence[int]] | None:
        """Hold back what fits a mute, from now on; `new.id` counts for nothing.

        Returns:
            The mute and the alerts that it holds back at once; None when its run is unknown.
        """
        with self._database.write() as connection:
            run_no = connection.scalar(select(run.c.no).where(run.c.id == new.run_id))
            if new.run_id is not None and run_no is None:
                return None
            values = {"run_no": run_no, "project": new.project, "symptom": new.symptom}
            values |= {"until": new.until, "reason": new.reason, "created_at": now}
            added = insert(mute).values(values).returning(mute.c.id)
            mute_id = connection.execute(added).scalar_one()
            held = (*_fitting(new), ~incident.c.muted, incident.c.state != "resolved")
            drop_waiting(connection, *held)
            muting = update(incident).where(*held).values(muted=True, muted_until=new.until)
            changed = list(connection.scalars(muting.returning(incident.c.id)))
            row = connection.execute(_mutes().where(mute.c.id == mute_id)).one()
            return Mute(*row), changed

    def remove_mute(self, mute_id: int) -> list[int] | None:
        """End a mute; the alerts that it held back. None when there is none."""
        with self._database.write() as connection:
            row = connection.execute(_mutes().where(mute.c.id == mute_id)).one_or_none()
            if row is None:
                return None
            known = Mute(*row)
            connection.execute(delete(mute).where(mute.c.id == mute_id))
            held = (*_fitting(known), incident.c.muted_until == known.until)
            freeing = update(incident).where(*held).values(_UNMUTED).returning(incident.c.id)
            return list(connection.scalars(freeing))

    def _change(
        self, alert_id: int, values: Mapping[str, Any], silence: bool = False
    ) -> Incident | None:
        """Change an alert; with `silence`, what waits about it and was not tried yet is let go."""
        this = (incident.c.id == alert_id, incident.c.severity != "info")
        with self._database.write() as connection:
            if connection.execute(update(incident).where(*this).values(values)).rowcount == 0:
                return None
            if silence:
                drop_waiting(connection, incident.c.id == alert_id)
            return incidents_by_ids(connection, [alert_id])[0]


def _conditions(query: AlertQuery) -> list[ColumnElement[bool]]:
    asked = {
        incident.c.state: query.state,
        run.c.id: query.run_id,
        run.c.project: query.project,
        incident.c.severity: query.severity,
    }
    found = [column == value for column, value in asked.items() if value is not None]
    if query.before_id is not None:
        found.append(incident.c.id < query.before_id)
    return [incident.c.severity != "info", *found]


def _mutes() -> Any:
    columns = (mute.c.id, run.c.id, mute.c.project, mute.c.symptom, mute.c.until, mute.c.reason)
    return select(*columns).select_from(mute).outerjoin(run, run.c.no == mute.c.run_no)


def _fitting(asked: Mute) -> list[ColumnElement[bool]]:
    """The conditions under which an incident fits a mute."""
    found: list[ColumnElement[bool]] = []
    if asked.run_id is not None:
        found.append(incident.c.run_no.in_(select(run.c.no).where(run.c.id == asked.run_id)))
    if asked.project is not None:
        of_project = select(run.c.no).where(run.c.project == asked.project)
        found.append(incident.c.run_no.in_(of_project))
    if asked.symptom is not None:
        found.append(incident.c.symptom == asked.symptom)
    return found
