"""Rows of incidents as values, for all who read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, func, select

from nanwatch.events import Diagnosis, diagnosis_from_json
from nanwatch_monitor.incidents import SILENCES, Incident, Standing, silence
from nanwatch_monitor.store.alert_tables import incident, outbox
from nanwatch_monitor.store.tables import run

DELIVERY_STATES = ("sent", "waiting", "failed")

_STANDING = tuple(incident.c[name] for name in Standing.__dataclass_fields__)
_COLUMNS = (
    incident.c.id,
    run.c.id.label("run_id"),
    run.c.name.label("run_name"),
    run.c.project,
    incident.c.opened_at,
    incident.c.diagnosis,
    incident.c.source,
    *_STANDING,
)


def joined() -> Select[Any]:
    """The incidents with their runs, to be narrowed and given to `incidents_of`."""
    return select(*_COLUMNS).join(run, run.c.no == incident.c.run_no)


def incidents_of(connection: Connection, query: Select[Any]) -> list[Incident]:
    """The incidents that a query on `joined` finds."""
    rows = connection.execute(query).all()
    deliveries = _deliveries(connection, [row.id for row in rows])
    return [_as_incident(row, deliveries.get(row.id, {})) for row in rows]


def incidents_by_ids(connection: Connection, ids: Sequence[int]) -> list[Incident]:
    """Some incidents, in the order in which they were opened."""
    if not ids:
        return []
    return incidents_of(connection, joined().where(incident.c.id.in_(ids)).order_by(incident.c.id))


def read_diagnosis(text: str) -> Diagnosis:
    """The diagnosis of a row."""
    told = msgspec.json.decode(text)
    if told["symptom"] in SILENCES:
        return silence(told["symptom"], told["first_step"])
    return diagnosis_from_json(told)


def _deliveries(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """How many messages of each incident are in which state."""
    if not ids:
        return {}
    query = (
        select(outbox.c.incident_id, outbox.c.state, func.count())
        .where(outbox.c.incident_id.in_(ids), outbox.c.state.in_(DELIVERY_STATES))
        .group_by(outbox.c.incident_id, outbox.c.state)
    )
    found: dict[int, dict[str, int]] = {}
    for incident_id, state, n in connection.execute(query):
        found.setdefault(incident_id, {})[state] = n
    return found


def _as_incident(row: Row[Any], deliveries: Mapping[str, int]) -> Incident:
    return Incident(
        id=row.id,
        run_id=row.run_id,
        run_name=row.run_name,
        project=row.project,
        opened_at=row.opened_at,
        diagnosis=read_diagnosis(row.diagnosis),
        source=row.source,
        standing=Standing(**{column.name: getattr(row, column.name) for column in _STANDING}),
        deliveries=deliveries,
    )
