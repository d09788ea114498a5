"""Statements of the hot path do what SQLAlchemy's own way does, on both databases."""

import math

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from frames import opening
from nanwatch import wire
from nanwatch_monitor.store.prepared import Prepared, is_one_of, several
from nanwatch_monitor.store.tables import batch, run

FLOATS = Prepared(
    update(run)
    .where(run.c.id == bindparam("run_id"))
    .values(last_loss=bindparam("loss"), hung_since=bindparam("hung"), pinned=bindparam("pinned"))
)
FOUND = select(run.c.last_loss, run.c.hung_since, run.c.pinned).where(run.c.id == bindparam("id"))


@pytest.fixture
def connection(store):
    frame = opening()
    store.log.append([(frame, wire.encode(frame))], now=1000.0)
    with store.database.write() as connection:
        yield connection


@pytest.mark.parametrize("loss", [math.nan, -math.inf, 0.1, None])
def test_values_keep_their_kinds(connection, loss):
    row = {"run_id": "run1", "loss": loss, "hung": 1.5, "pinned": True}
    FLOATS.write(connection, [row])
    (found,) = Prepared(FOUND).find(connection, id="run1")
    assert repr(list(found)) == repr([loss, 1.5, True])
    assert repr(list(found)) == repr(list(connection.execute(FOUND, {"id": "run1"}).one()))


@pytest.mark.parametrize("ids", [["run1"], ["a", "run1", "b"], ["a"]])
def test_one_of_several_is_found(connection, ids):
    asked = several(ids)
    query = Prepared(select(run.c.id).where(is_one_of(run.c.id, len(asked))))
    assert [row[0] for row in query.find(connection, **asked)] == ["run1"] * ("run1" in ids)


@pytest.mark.parametrize("count", range(1, 10))
def test_there_are_few_statements_for_any_number(count):
    asked = several(range(count))
    assert set(asked.values()) == set(range(count))
    assert len(asked) in (1, 2, 4, 8, 16)
    assert len(asked) < 2 * count


def test_what_goes_wrong_is_said_by_sqlalchemy_and_without_values(connection):
    row = {"stream_id": 1, "seq": 0, "crc": 7, "data": b"secret"}
    with pytest.raises(IntegrityError) as caught, connection.begin_nested():
        Prepared(insert(batch)).write(connection, [row])
    assert isinstance(caught.value, DBAPIError)
    assert "secret" not in str(caught.value)
