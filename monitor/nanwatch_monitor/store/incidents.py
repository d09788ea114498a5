"""Incidents, written together with what follows from them and how far the brain has come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from nanwatch.events import CLOCK_FACT, SEVERITIES, Severity, to_json
from nanwatch_monitor.incidents import (
    INHIBITS,
    OLD_AFTER_S,
    SILENCES,
    Finding,
    Incident,
    Telling,
    is_alert,
    is_worse,
    replaces,
)
from nanwatch_monitor.store.alert_tables import incident
from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.incident_rows import (
    incidents_by_ids,
    incidents_of,
    joined,
    read_diagnosis,
)
from nanwatch_monitor.store.runs import lock_run_of
from nanwatch_monitor.store.tables import run, stream
from nanwatch_monitor.store.telling import Teller, end_lesser, muted_until

REOPENED = {"state": "open", "acknowledged_at": None, "resolved_at": None, "note": ""}


class IncidentStore:
    """Records findings and reads incidents."""

    def __init__(self, database: Database, teller: Teller) -> None:
        self._database, self._teller = database, teller

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
            return incidents_by_ids(connection, sorted(set().union(*ids)))

    def of_run(self, run_id: str) -> list[Incident]:
        """What was diagnosed in a run, in the order in which it appeared."""
        this = (run.c.id == run_id, incident.c.symptom.not_in(SILENCES))
        query = joined().where(*this).order_by(incident.c.id)
        with self._database.read() as connection:
            return incidents_of(connection, query)

    def some(self, ids: Sequence[int]) -> list[Incident]:
        """The incidents with these ids, in the order in which they were opened."""
        if not ids:
            return []
        with self._database.read() as connection:
            return incidents_by_ids(connection, ids)

    def severities(self, run_nos: Sequence[int]) -> dict[int, list[Severity]]:
        """The severities of what was diagnosed in some runs."""
        found: dict[int, list[Severity]] = defaultdict(list)
        these = (incident.c.run_no.in_(run_nos), incident.c.symptom.not_in(SILENCES))
        query = select(incident.c.run_no, incident.c.severity).where(*these)
        with self._database.read() as connection:
            for no, severity in connection.execute(query):
                found[no].append(severity)
        return found

    def counts(self) -> dict[str, int]:
        """How many incidents of each severity are not done with."""
        living = select(incident.c.severity, func.count()).where(incident.c.state != "resolved")
        query = living.group_by(incident.c.severity)
        with self._database.read() as connection:
            found: dict[str, int] = dict(connection.execute(query).all())
        return dict.fromkeys(SEVERITIES, 0) | found

    def _keep(self, connection: Connection, run_no: int, finding: Finding, now: float) -> set[int]:
        """Open or refine an incident; what changes by it, nothing when the finding is no news."""
        known = _known(connection, run_no, finding.diagnosis.symptom)
        if known is None:
            incident_id = _open(connection, run_no, finding, now)
            return {incident_id, *self._announce(connection, run_no, incident_id, finding, now)}
        if not replaces(finding, known[1]):
            return set()
        return {known[0], *self._refine(connection, run_no, *known, finding, now)}

    def _announce(
        self, connection: Connection, run_no: int, incident_id: int, new: Finding, now: float
    ) -> list[int]:
        """Tell of a new alert; the lesser ones that are over with it."""
        if not is_alert(new.diagnosis):
            return []
        telling, ended = _first_word(connection, run_no, new, now), list[int]()
        if new.diagnosis.symptom == INHIBITS:
            ended, heard = end_lesser(connection, run_no, now)
            telling = "worse" if heard and telling == "firing" else telling
        self._teller.tell(connection, incident_id, telling, now)
        return ended

    def _refine(
        self,
        connection: Connection,
        run_no: int,
        incident_id: int,
        old: Finding,
        new: Finding,
        now: float,
    ) -> list[int]:
        """Write the better word down, and tell it when it is a graver one."""
        values = _values(new)
        worse = is_worse(new.diagnosis, old.diagnosis)
        if worse:
            values |= REOPENED
        this = update(incident).where(incident.c.id == incident_id)
        connection.execute(this.values(values))
        if worse:
            connection.execute(this.where(incident.c.muted_until.is_(None)).values(muted=False))
            if not is_alert(old.diagnosis):
                return self._announce(connection, run_no, incident_id, new, now)
            self._teller.tell(connection, incident_id, "worse", now)
        return []


def _first_word(connection: Connection, run_no: int, finding: Finding, now: float) -> Telling:
    """How an alert is told at first: of a training that was cut off, it may be hours late."""
    if finding.at is None or now - finding.at <= OLD_AFTER_S:
        return "firing"
    told = connection.execute(select(run.c.facts).where(run.c.no == run_no)).scalar_one()
    facts = msgspec.json.decode(told)
    off_s = facts.get(CLOCK_FACT, 0.0)
    truly = finding.at - (off_s if isinstance(off_s, int | float) else 0.0)
    return "firing" if now - truly <= OLD_AFTER_S else "late"


def _known(connection: Connection, run_no: int, symptom: str) -> tuple[int, Finding] | None:
    query = select(incident.c.id, incident.c.diagnosis, incident.c.source).where(
        incident.c.run_no == run_no, incident.c.symptom == symptom
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.id, Finding(read_diagnosis(row.diagnosis), row.source))


def _open(connection: Connection, run_no: int, finding: Finding, now: float) -> int:
    values = {"run_no": run_no, "opened_at": now, **_values(finding)}
    until = muted_until(connection, run_no, finding.diagnosis.symptom, now)
    if until is not None:
        values |= {"muted": True, "muted_until": until}
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
