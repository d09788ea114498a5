"""Putting into the outbox what is to be told, in the transaction of what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from nanwatch_monitor.incidents import GOOD_NEWS, INHIBITED, INHIBITS, Telling, wait_s
from nanwatch_monitor.store.alert_tables import channel, incident, mute, outbox
from nanwatch_monitor.store.tables import run

ENDED_IN_NAN = "It ended in NaN or infinity: the alert of that tells the rest."
_TURN = text("SELECT pg_advisory_xact_lock(hashtext('nanwatch ' || :what))")


@dataclass(frozen=True)
class Teller:
    """Writes messages for every channel that is on.

    Args:
        always: the channels of the environment, by their keys.
    """

    always: tuple[str, ...] = ()

    def tell(self, connection: Connection, incident_id: int, telling: Telling, now: float) -> None:
        """Tell of an incident, unless it is muted or a graver one of its run says it all."""
        query = select(incident.c.symptom, incident.c.severity, incident.c.muted)
        about = connection.execute(query.where(incident.c.id == incident_id)).one()
        if about.muted or _is_inhibited(connection, incident_id):
            return
        if telling not in GOOD_NEWS:
            _drop_outdated(connection, incident_id)
        wait = wait_s(about.symptom, about.severity)
        if _hurry(connection, incident_id, now + wait):
            return
        channels = self.channels(connection)
        if telling in GOOD_NEWS:  # for those who have heard the bad ones
            heard = _heard(connection, incident_id)
            channels = [key for key in channels if key in heard]
        self._put(connection, channels, incident_id, telling, "", now, wait)

    def warn(self, connection: Connection, of: str, words: str, now: float) -> None:
        """Tell all other channels about a channel."""
        others = [key for key in self.channels(connection) if key != of]
        self._put(connection, others, None, "channel", words, now, 0.0)

    def channels(self, connection: Connection) -> list[str]:
        """The keys of the channels that are on."""
        on = select(channel.c.id).where(channel.c.enabled).order_by(channel.c.id)
        return [*self.always, *map(str, connection.scalars(on))]

    @staticmethod
    def _put(
        connection: Connection,
        channels: Sequence[str],
        incident_id: int | None,
        telling: Telling,
        words: str,
        now: float,
        wait: float,
    ) -> None:
        row = {
            "incident_id": incident_id,
            "kind": telling,
            "words": words,
            "state": "waiting",
            "attempts": 0,
            "created_at": now,
            "due_at": now + wait,
            "error": "",
        }
        if channels:
            connection.execute(insert(outbox), [row | {"channel": key} for key in channels])


def take_turns(connection: Connection, what: str) -> None:
    """Of several servers let one do something at a time, until its transaction ends; each sees
    what the one before it has written.
    """
    if connection.dialect.name != "sqlite":  # there writers queue anyhow
        connection.execute(_TURN, {"what": what})


def _heard(connection: Connection, incident_id: int) -> set[str]:
    """The channels that a message about an incident went to, or is on its way to."""
    told = select(outbox.c.channel).where(
        outbox.c.incident_id == incident_id, outbox.c.message_id.is_not(None)
    )
    return set(connection.scalars(told))


def _hurry(connection: Connection, incident_id: int, due_at: float) -> bool:
    """Whether something waits to be told already; then it is told by that moment, as it is then."""
    fresh = (outbox.c.state == "waiting", outbox.c.message_id.is_(None))
    waiting = update(outbox).where(outbox.c.incident_id == incident_id, *fresh)
    sooner = case((outbox.c.due_at > due_at, due_at), else_=outbox.c.due_at)
    return connection.execute(waiting.values(due_at=sooner)).rowcount > 0


def _drop_outdated(connection: Connection, incident_id: int) -> None:
    """It is bad again, or worse: let go of what waits and says otherwise."""
    fresh = (outbox.c.state == "waiting", outbox.c.message_id.is_(None))
    otherwise = outbox.c.kind.in_((*GOOD_NEWS, "reminder"))
    outdated = update(outbox).where(outbox.c.incident_id == incident_id, *fresh, otherwise)
    connection.execute(outdated.values(state="dropped"))


def drop_waiting(connection: Connection, *which: ColumnElement[bool]) -> int:
    """Let go of what waits about some incidents and was not tried yet; how much it was."""
    ids = select(incident.c.id).where(*which)
    fresh = (outbox.c.state == "waiting", outbox.c.message_id.is_(None))
    dropping = update(outbox).where(outbox.c.incident_id.in_(ids), *fresh).values(state="dropped")
    return connection.execute(dropping).rowcount


def muted_until(connection: Connection, run_no: int, symptom: str, now: float) -> float | None:
    """Until when the mutes in force hold back what is told of a symptom of a run."""
    project = select(run.c.project).where(run.c.no == run_no).scalar_subquery()
    query = select(func.max(mute.c.until)).where(
        mute.c.until > now,
        or_(mute.c.run_no.is_(None), mute.c.run_no == run_no),
        or_(mute.c.project.is_(None), mute.c.project == project),
        or_(mute.c.symptom.is_(None), mute.c.symptom == symptom),
    )
    found: float | None = connection.scalar(query)
    return found


def is_inhibited() -> ColumnElement[bool]:
    """The condition under which a graver incident of the same run says all that one has to say."""
    graver = incident.alias()
    says_it_all = (graver.c.run_no == incident.c.run_no, graver.c.symptom == INHIBITS)
    found = exists().where(*says_it_all, graver.c.severity != "info")
    return and_(incident.c.symptom.in_(INHIBITED), found)


def end_lesser(connection: Connection, run_no: int, now: float) -> tuple[list[int], bool]:
    """The graver incident of a run has come: the lesser ones that are open are over with it.

    Returns:
        Those that were open, and whether a channel has heard of one of them.
    """
    lesser = (incident.c.run_no == run_no, is_inhibited())
    drop_waiting(connection, *lesser)
    over = {"state": "resolved", "resolved_at": now, "note": ENDED_IN_NAN}
    living = (incident.c.state != "resolved", incident.c.severity != "info")
    ending = update(incident).where(*lesser, *living).values(over)
    ended = list(connection.scalars(ending.returning(incident.c.id)))
    return ended, any(_heard(connection, incident_id) for incident_id in ended)


def _is_inhibited(connection: Connection, incident_id: int) -> bool:
    query = select(incident.c.id).where(incident.c.id == incident_id, is_inhibited())
    return connection.scalar(query) is not None
