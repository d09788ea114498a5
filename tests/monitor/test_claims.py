"""Of several servers on one PostgreSQL, one judges a stream, and a dead one's streams are taken."""

import pytest
from sqlalchemy import text

from nanwatch_monitor.store import claims as module
from nanwatch_monitor.store.claims import SharedClaims, claims_on
from nanwatch_monitor.store.database import Database
from servers import wait_for


@pytest.fixture
def pair(postgres, monkeypatch):
    """The claims of two servers on one database."""
    monkeypatch.setattr(module, "_REFUSAL_S", 0.0)
    url = postgres.new_database()
    databases = [Database(url), Database(url)]
    claims = [SharedClaims(database) for database in databases]
    yield claims
    for opened in (*claims, *databases):
        opened.close()


def test_a_stream_has_one_judge(pair):
    first, second = pair
    assert first.take(7)
    assert first.take(7)
    assert not second.take(7)
    assert second.take(8)


def test_what_is_given_back_can_be_taken(pair):
    first, second = pair
    first.take(7)
    first.take(8)
    first.give_back(7)
    first.give_back(7)
    assert second.take(7)
    assert not second.take(8)


def test_what_a_server_held_is_free_when_it_has_gone(pair):
    first, second = pair
    first.take(7)
    assert second.abandoned([7, 8]) == [8]
    first.close()
    wait_for(lambda: second.abandoned([7, 8]) == [7, 8])
    assert second.take(7)


def test_a_lost_connection_loses_the_claims_and_a_new_one_asks_again(pair):
    first, second = pair
    first.take(7)
    with second._database.write() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
        connection.execute(text(others))
    wait_for(lambda: second.take(7))
    with pytest.raises(first._database.errors):
        first.take(8)
    assert not first.take(7)
    assert first.take(8)


def test_a_refusal_is_remembered_for_a_moment(pair, monkeypatch):
    first, second = pair
    first.take(7)
    monkeypatch.setattr(module, "_REFUSAL_S", 60.0)
    assert not second.take(7)
    first.give_back(7)
    assert not second.take(7)


def test_locks_of_another_database_are_not_ours(pair, postgres):
    elsewhere = Database(postgres.new_database())
    stranger = SharedClaims(elsewhere)
    stranger.take(7)
    assert pair[0].abandoned([7]) == [7]
    stranger.close()
    elsewhere.close()


def test_an_sqlite_file_has_one_server(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    claims = claims_on(database)
    assert claims.take(7)
    assert claims.abandoned([7]) == []
    database.close()
