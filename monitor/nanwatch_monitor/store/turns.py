"""Incidents that come and go by themselves: explosions that calm, runs that fall silent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from nanwatch.events import to_json
from nanwatch_monitor.alerts.calm import QUIET_S, worth_telling
from nanwatch_monitor.incidents import Incident, Telling, silence
from nanwatch_monitor.store.alert_tables import incident, incident_turn, outbox
from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.incident_rows import incidents_of, joined
from nanwatch_monitor.store.tables import run
from nanwatch_monitor.store.telling import (
    Teller,
    drop_waiting,
    is_inhibited,
    muted_until,
    take_turns,
)

_LIVELY = ("open", "acknowledged")


class TurnStore:
    """Lets incidents go and come back, and puts into the outbox what is worth telling of it."""

    def __init__(self, database: Database, teller: Teller) -> None:
        self._database, self._teller = database, teller

    def living(self, symptoms: Sequence[str], limit: int) -> list[Incident]:
        """The latest alerts with these symptoms that are not done with."""
        these = (incident.c.symptom.in_(symptoms), incident.c.state.in_(_LIVELY))
        return self._some(limit, *these, incident.c.severity != "info")

    def calmed(self, symptom: str, limit: int) -> list[Incident]:
        """The latest alerts of runs that go on which were done with by themselves."""
        by_itself = (incident.c.state == "resolved", incident.c.note != "", ~is_inhibited())
        return self._some(
            limit, incident.c.symptom == symptom, *by_itself, run.c.end_state.is_(None)
        )

    def calm(self, alert_id: int, note: str, now: float, telling: Telling = "resolved") -> bool:
        """An alert is over by itself. False when it was done with already."""
        over = {"state": "resolved", "resolved_at": now, "note": note}
        with self._database.write() as connection:
            if not _moved(connection, alert_id, _LIVELY, over):
                return False
            if drop_waiting(connection, incident.c.id == alert_id):
                telling_of_it = None  # nobody has heard of it yet
            else:
                telling_of_it = _worth(connection, alert_id, now, telling)
            self._keep(connection, alert_id, "resolved", telling_of_it, now)
        return True

    def flare(self, alert_id: int, note: str, now: float) -> bool:
        """An alert that was over by itself is there again. False when it is not over."""
        again = {"state": "open", "acknowledged_at": None, "resolved_at": None, "note": note}
        with self._database.write() as connection:
            if not _moved(connection, alert_id, ("resolved",), again, incident.c.note != ""):
                return False
            telling = _worth(connection, alert_id, now, "again")
            self._keep(connection, alert_id, "open", telling, now)
        return True

    def fall_silent(
        self, run_id: str, symptom: str, note: str, now: float, telling: Telling = "firing"
    ) -> list[int]:
        """A run is "lost" or "hung": open an incident, or the one of the last time again.

        Args:
            telling: how a new incident is told.

        Returns:
            The incident, if it is news.
        """
        known = select(incident.c.id).join(run, run.c.no == incident.c.run_no)
        with self._database.read() as connection:
            found = connection.scalar(
                known.where(run.c.id == run_id, incident.c.symptom == symptom)
            )
        if found is not None:
            return [found] if self.flare(found, note, now) else []
        return self._open(run_id, symptom, note, now, telling)

    def settle(self, now: float) -> list[int]:
        """Tell at last of what came and went, stopped doing so, and is over."""
        last_turn = (
            select(func.max(incident_turn.c.at))
            .where(incident_turn.c.incident_id == incident.c.id)
            .scalar_subquery()
        )
        last_told = (
            select(outbox.c.kind)
            .where(outbox.c.incident_id == incident.c.id)
            .order_by(outbox.c.id.desc())
            .limit(1)
            .scalar_subquery()
        )
        over = (incident.c.state == "resolved", incident.c.note != "", last_told == "flapping")
        query = select(incident.c.id).where(*over, last_turn <= now - QUIET_S)
        with self._database.write() as connection:
            take_turns(connection, "settling")
            settled = list(connection.scalars(query))
            for alert_id in settled:
                self._teller.tell(connection, alert_id, "resolved", now)
        return settled

    def _open(
        self, run_id: str, symptom: str, note: str, now: float, telling: Telling
    ) -> list[int]:
        with self._database.write() as connection:
            query = select(run.c.no, run.c.last_step).where(run.c.id == run_id)
            row = connection.execute(query.with_for_update()).one_or_none()
            if row is None or _exists(connection, row.no, symptom):
                return []
            diagnosis = silence(symptom, row.last_step)
            until = muted_until(connection, row.no, symptom, now)
            values = {
                "run_no": row.no,
                "symptom": symptom,
                "severity": diagnosis.severity,
                "source": "server",
                "opened_at": now,
                "diagnosis": msgspec.json.encode(to_json(diagnosis)).decode(),
                "note": note,
                "muted": until is not None,
                "muted_until": until,
            }
            opened = insert(incident).values(values).returning(incident.c.id)
            alert_id = int(connection.execute(opened).scalar_one())
            self._teller.tell(connection, alert_id, telling, now)
            return [alert_id]

    def _some(self, limit: int, *which: Any) -> list[Incident]:
        query = joined().where(*which).order_by(incident.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return incidents_of(connection, query)

    def _keep(
        self, connection: Connection, alert_id: int, state: str, telling: Telling | None, now: float
    ) -> None:
        values = {"incident_id": alert_id, "at": now, "state": state}
        connection.execute(insert(incident_turn).values(values))
        if telling is not None:
            self._teller.tell(connection, alert_id, telling, now)


def _moved(
    connection: Connection, alert_id: int, known: Sequence[str], values: Any, *which: Any
) -> bool:
    """Change an alert on condition that nobody was faster."""
    this = (incident.c.id == alert_id, incident.c.state.in_(known), *which)
    return connection.execute(update(incident).where(*this).values(values)).rowcount > 0


def _worth(connection: Connection, alert_id: int, now: float, plain: Telling) -> Telling | None:
    turns = select(incident_turn.c.at).where(incident_turn.c.incident_id == alert_id)
    return worth_telling(connection.scalars(turns.order_by(incident_turn.c.id)).all(), now, plain)


def _exists(connection: Connection, run_no: int, symptom: str) -> bool:
    query = select(incident.c.id).where(incident.c.run_no == run_no, incident.c.symptom == symptom)
    return connection.scalar(query) is not None
