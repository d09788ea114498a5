"""The rows of runs: opening, advancing, listing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, bindparam, func, select, update

from nanwatch import events
from nanwatch_monitor.run_record import (
    Description,
    Marks,
    Progress,
    Run,
    advanced,
    described,
    moment,
)
from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.prepared import Prepared, is_one_of, several
from nanwatch_monitor.store.tables import run, stream

_MARKS = (run.c.pinned, run.c.note)
_PROGRESS = tuple(run.c[name] for name in Progress._fields)
_DESCRIPTION = (run.c.name, run.c.project, run.c.tags)
_HEAD = (run.c.no, run.c.id, run.c.started_at, *_DESCRIPTION, *_MARKS, *_PROGRESS)
_ADVANCE = Prepared(
    update(run)
    .where(run.c.no == bindparam("run_no"))
    .values({name: bindparam(name) for name in Progress._fields})
)
_LOCK_RUN_OF = Prepared(
    select(run.c.no)
    .join(stream, stream.c.run_no == run.c.no)
    .where(stream.c.id == bindparam("stream_id"))
    .with_for_update(of=run)
)
_CHANGES_DESCRIPTION = (events.RunStarted, events.FactsLearned)


@dataclass(frozen=True)
class RunQuery:
    """Which runs a list holds.

    Attributes:
        end_state: only runs that ended so; "" is those that have not ended.
        seen: for these, after and up to which moment they were last heard.
        hung: only those that are hung, or only those that are not.
        before_no: only runs that arrived before this one: where the last page ended.
    """

    project: str | None = None
    end_state: str | None = None
    seen: tuple[float, float] | None = None
    hung: bool | None = None
    before_no: int | None = None
    limit: int = 50


class RunStore:
    """Reads runs, and writes what people say of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, run_id: str) -> Run | None:
        """One run with its config and facts."""
        with self._database.read() as connection:
            query = select(*_HEAD, run.c.config, run.c.facts).where(run.c.id == run_id)
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else _as_run(row)

    def list(self, query: RunQuery) -> Sequence[Run]:
        """Runs without config and facts, the latest first."""
        with self._database.read() as connection:
            return [_as_run(row) for row in connection.execute(_listing(query)).mappings()]

    def count(self, query: RunQuery) -> int:
        """How many runs there are, whatever the limit."""
        with self._database.read() as connection:
            return connection.scalar(_narrowed(select(func.count()).select_from(run), query)) or 0

    def some(self, ids: Sequence[str]) -> Sequence[Run]:
        """The runs with these ids, without config and facts."""
        with self._database.read() as connection:
            query = select(*_HEAD).where(run.c.id.in_(ids))
            return [_as_run(row) for row in connection.execute(query).mappings()]

    def edit(self, run_id: str, said: Mapping[str, Any]) -> bool:
        """Change what people may say of a run. False when there is none.

        Args:
            said: any of `name`, `tags`, `pinned` and `note`.
        """
        values = {key: _to_text(value) if key == "tags" else value for key, value in said.items()}
        with self._database.write() as connection:
            known = connection.scalar(select(run.c.no).where(run.c.id == run_id).with_for_update())
            if known is not None and values:
                connection.execute(update(run).where(run.c.no == known).values(values))
        return known is not None

    def last_seen_at(self) -> float | None:
        """When any run was last heard, or None without a run."""
        with self._database.read() as connection:
            newest = select(run.c.seen_at).order_by(run.c.seen_at.desc()).limit(1)
            return connection.scalar(newest)


def open_run(connection: Connection, run_id: str, started: events.RunStarted, now: float) -> None:
    """Make the run unless it is there. Two processes may open it at the same moment."""
    row = {
        "id": run_id,
        "name": started.name,
        "project": started.project,
        "tags": _to_text(started.tags),
        "config": "{}",
        "facts": "{}",
        "started_at": moment(started.started_at, now),
        **Progress(seen_at=now)._asdict(),
    }
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:  # imported here: the dialect that is not used would only slow down the start
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    connection.execute(insert(run).values(row).on_conflict_do_nothing())


@dataclass
class LockedRun:
    """A run that nobody else changes until the transaction ends.

    Attributes:
        begun: the stream that began it is there, not only such as resume it.
        resumed_by: the stream that resumed it last; None: none did.
        progress: how far it has come; `write_runs` writes it.
    """

    no: int
    project: str
    begun: bool
    resumed_by: int | None
    progress: Progress


def lock_runs(connection: Connection, ids: Collection[str]) -> dict[str, LockedRun]:
    """Those of some runs that are known, by their ids, locked in the order of these."""
    asked = several(ids)
    rows = _locking(len(asked), connection.dialect.name).find(connection, **asked)
    return {
        run_id: LockedRun(no, project, begun, resumed_by, Progress(*progress))
        for run_id, no, project, begun, resumed_by, *progress in rows
    }


@cache
def _locking(count: int, dialect: str) -> Prepared:
    """Servers wait for each other in one order only: that of the characters' codes."""
    order = run.c.id.collate("C") if dialect == "postgresql" else run.c.id
    columns = (run.c.id, run.c.no, run.c.project, run.c.begun, run.c.resumed_by, *_PROGRESS)
    found = select(*columns).where(is_one_of(run.c.id, count))
    return Prepared(found.order_by(order).with_for_update())


def note_begun(connection: Connection, known: LockedRun) -> None:
    """The stream that began a run has come."""
    if not known.begun:
        connection.execute(update(run).where(run.c.no == known.no).values(begun=True))
        known.begun = True


def note_resumed(connection: Connection, known: LockedRun, stream_id: int) -> None:
    """A stream resumes a run."""
    values = {"resumed_by": stream_id}
    connection.execute(update(run).where(run.c.no == known.no).values(values))
    known.resumed_by = stream_id


def lock_run_of(connection: Connection, stream_id: int) -> int | None:
    """The number of a stream's run, locked. None without such a stream.

    Whoever writes to a stream locks first the run, then the stream: otherwise two transactions
    could wait for each other.
    """
    found = _LOCK_RUN_OF.find(connection, stream_id=stream_id)
    return int(found[0][0]) if found else None


def advance(
    connection: Connection, known: LockedRun, new: Sequence[events.Event], now: float
) -> None:
    """Take new events in; a new description is written, the progress by `write_runs`."""
    for event in new:
        known.progress = advanced(known.progress, event, now)
    if any(isinstance(event, _CHANGES_DESCRIPTION) for event in new):
        described_so = update(run).where(run.c.no == known.no)
        connection.execute(described_so.values(_new_description(connection, known.no, new)))


def write_runs(connection: Connection, runs: Iterable[LockedRun], now: float) -> None:
    """Write how far runs have come; at least one."""
    rows = [{**one.progress._asdict(), "seen_at": now, "run_no": one.no} for one in runs]
    _ADVANCE.write(connection, rows)


def _new_description(
    connection: Connection, no: int, new: Iterable[events.Event]
) -> dict[str, Any]:
    query = select(run.c.name, run.c.project, run.c.tags, run.c.config, run.c.facts)
    known = _description(connection.execute(query.where(run.c.no == no)).mappings().one())
    for event in new:
        known = described(known, event)
    return {"config": _to_text(known.config), "facts": _to_text(known.facts)}


def _listing(query: RunQuery) -> Any:
    return _narrowed(select(*_HEAD), query).order_by(run.c.no.desc()).limit(query.limit)


def _narrowed(found: Any, query: RunQuery) -> Any:
    if query.project is not None:
        found = found.where(run.c.project == query.project)
    if query.end_state is not None:
        found = found.where(run.c.end_state.is_not_distinct_from(query.end_state or None))
    if query.seen is not None:
        after, until = query.seen
        found = found.where(run.c.seen_at > after, run.c.seen_at <= until)
    if query.hung is not None:
        since = run.c.hung_since
        found = found.where(since.is_not(None) if query.hung else since.is_(None))
    if query.before_no is not None:
        found = found.where(run.c.no < query.before_no)
    return found


def _as_run(row: RowMapping) -> Run:
    marks = Marks(row["pinned"], row["note"])
    return Run(row["no"], row["id"], row["started_at"], _description(row), _progress(row), marks)


def _progress(fields: RowMapping) -> Progress:
    return Progress(**{name: fields[name] for name in Progress._fields})


def _description(fields: RowMapping) -> Description:
    return Description(
        name=fields["name"],
        project=fields["project"],
        tags=tuple(msgspec.json.decode(fields["tags"])),
        config=msgspec.json.decode(fields.get("config", "{}")),
        facts=msgspec.json.decode(fields.get("facts", "{}")),
    )


def _to_text(value: Any) -> str:
    return msgspec.json.encode(events.to_json(value)).decode()
