"""Incidents, written together with what follows from them and how far the brain has come."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update

from nanwatch.events import SEVERITIES, Diagnosis, Severity, diagnosis_from_json, to_json
from nanwatch_monitor.incidents import Finding, Incident, is_alert, replaces
from nanwatch_monitor.store.alert_tables import incident, outbox
from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.runs import lock_run_of
from nanwatch_monitor.store.tables import run, stream

_COLUMNS = (
    incident.c.id,
    run.c.id.label("run_id"),
    run.c.name.label("run_name"),
    incident.c.opened_at,
    incident.c.diagnosis,
    incident.c.source,
)


class IncidentStore:
    """Records findings and reads incidents.

    Args:
        notify_after_s: how long a message waits for the better informed diagnosis of the training
            process; None writes no messages, because nobody would send them.
    """

    def __init__(self, database: Database, notify_after_s: float | None) -> None:
        self._database = database
        self._notify_after_s = notify_after_s

    def record(
        self, stream_id: int, seen: tuple[int, int], findings: Sequence[Finding], now: float
    ) -> list[Incident] | None:
        """Write what the brain found in the frames of a stream, all or nothing.

        Args:
            seen: the numbers of the last frame judged before and of the last one judged now.

        Returns:
            The incidents that were opened or changed; None when another process judged these
            frames first, or the run was deleted, and nothing was written.
        """
        before, upto = seen
        with self._database.write() as connection:
            run_no = lock_run_of(connection, stream_id)
            if run_no is None:
                return None
            moved = update(stream).where(stream.c.id == stream_id, stream.c.watched_seq == before)
            if connection.execute(moved.values(watched_seq=upto)).rowcount == 0:
                return None
            ids = [self._keep(connection, run_no, finding, now) for finding in findings]
            changed = sorted({found for found in ids if found is not None})
            return incidents_by_ids(connection, changed)

    def of_run(self, run_id: str) -> list[Incident]:
        """The incidents of a run in the order in which they were opened."""
        query = _joined().where(run.c.id == run_id).order_by(incident.c.id)
        with self._database.read() as connection:
            return [_as_incident(row) for row in connection.execute(query)]

    def some(self, ids: Sequence[int]) -> list[Incident]:
        """The incidents with these ids, in the order in which they were opened."""
        if not ids:
            return []
        with self._database.read() as connection:
            return incidents_by_ids(connection, ids)

    def alerts(
        self, limit: int, run_id: str | None = None, before_id: int | None = None
    ) -> list[Incident]:
        """Incidents that people are told about, of all runs or of one, the latest first."""
        query = _joined().where(incident.c.severity != "info")
        if run_id is not None:
            query = query.where(run.c.id == run_id)
        if before_id is not None:
            query = query.where(incident.c.id < before_id)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(incident.c.id.desc()).limit(limit))
            return [_as_incident(row) for row in rows]

    def severities(self, run_nos: Sequence[int]) -> dict[int, list[Severity]]:
        """The severities of the incidents of some runs."""
        found: dict[int, list[Severity]] = defaultdict(list)
        query = select(incident.c.run_no, incident.c.severity)
        with self._database.read() as connection:
            for no, severity in connection.execute(query.where(incident.c.run_no.in_(run_nos))):
                found[no].append(severity)
        return found

    def counts(self) -> dict[str, int]:
        """How many incidents there are of each severity."""
        query = select(incident.c.severity, func.count()).group_by(incident.c.severity)
        with self._database.read() as connection:
            found: dict[str, int] = dict(connection.execute(query).all())
        return dict.fromkeys(SEVERITIES, 0) | found

    def _keep(
        self, connection: Connection, run_no: int, finding: Finding, now: float
    ) -> int | None:
        """Open or refine an incident; its id, or None when the finding says nothing new."""
        known = _known(connection, run_no, finding.diagnosis.symptom)
        if known is None:
            incident_id = _open(connection, run_no, finding, now)
        elif replaces(finding, known[1]):
            incident_id = known[0]
            values = _values(finding)
            connection.execute(update(incident).where(incident.c.id == incident_id).values(values))
        else:
            return None
        self._tell(connection, incident_id, finding.diagnosis, now)
        return incident_id

    def _tell(
        self, connection: Connection, incident_id: int, diagnosis: Diagnosis, now: float
    ) -> None:
        """Put a message into the outbox, once for each incident."""
        if self._notify_after_s is None or not is_alert(diagnosis):
            return
        query = select(outbox.c.id).where(outbox.c.incident_id == incident_id)
        if connection.scalar(query) is not None:
            return
        message = {
            "incident_id": incident_id,
            "channel": "env-webhook",
            "kind": "firing",
            "message_id": f"msg_{uuid.uuid4().hex}",
            "state": "waiting",
            "attempts": 0,
            "created_at": now,
            "due_at": now + self._notify_after_s,
            "error": "",
        }
        connection.execute(insert(outbox).values(message))


def _joined() -> Any:
    return select(*_COLUMNS).join(run, run.c.no == incident.c.run_no)


def incidents_by_ids(connection: Connection, ids: Sequence[int]) -> list[Incident]:
    """Some incidents, in the order in which they were opened."""
    if not ids:
        return []
    query = _joined().where(incident.c.id.in_(ids)).order_by(incident.c.id)
    return [_as_incident(row) for row in connection.execute(query)]


def _known(connection: Connection, run_no: int, symptom: str) -> tuple[int, Finding] | None:
    query = select(incident.c.id, incident.c.diagnosis, incident.c.source).where(
        incident.c.run_no == run_no, incident.c.symptom == symptom
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.id, Finding(_diagnosis(row.diagnosis), row.source))


def _open(connection: Connection, run_no: int, finding: Finding, now: float) -> int:
    values = {"run_no": run_no, "opened_at": now, **_values(finding)}
    query = insert(incident).values(values).returning(incident.c.id)
    return int(connection.execute(query).scalar_one())


def _values(finding: Finding) -> dict[str, Any]:
    diagnosis = finding.diagnosis
    return {
        "symptom": diagnosis.symptom,
        "severity": diagnosis.severity,
        "source": finding.source,
        "diagnosis": msgspec.json.encode(to_json(diagnosis)).decode(),
    }


def _diagnosis(text: str) -> Diagnosis:
    return diagnosis_from_json(msgspec.json.decode(text))


def _as_incident(row: Row[Any]) -> Incident:
    return Incident(
        id=row.id,
        run_id=row.run_id,
        run_name=row.run_name,
        opened_at=row.opened_at,
        diagnosis=_diagnosis(row.diagnosis),
        source=row.source,
    )
