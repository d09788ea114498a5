"""Old runs are thinned and deleted as somebody decided; young, living and pinned ones are not."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from frames import frame, opening, points
from monitor.test_ingest_route import problem
from nanwatch import wire
from nanwatch.events import RunEnded
from nanwatch_monitor.keeper import Keeper
from nanwatch_monitor.store.retention import DAY_S, Retention

NOW = 1_700_000_000.0


def ended(store, run_id, days_ago, end=True):
    """A run that was last heard so many days ago."""
    said = [opening(run_id, run_id)]
    said += [frame(1, RunEnded("finished"), run_id=run_id, stream=run_id)] if end else []
    store.log.append([(one, wire.encode(one)) for one in said], now=NOW - days_ago * DAY_S)


@pytest.fixture
def tidy(store):
    """Keeps to a rule once; the runs that were thinned and those that were deleted."""

    def act(**rule):
        thinned, deleted = [], []
        store.retention.decide(Retention(**rule))
        Keeper(store, lambda run_id, _: thinned.append(run_id), deleted.append, lambda: NOW).tidy()
        return thinned, deleted

    return act


def test_nothing_goes_unless_somebody_said_so(store, tidy):
    ended(store, "ancient", 10_000)
    assert store.retention.rule() == Retention()
    assert tidy() == ([], [])


def test_what_is_over_for_long_enough_is_thinned_then_deleted(store, tidy):
    for days in (1, 31, 91):
        ended(store, f"run{days}", days)
    assert tidy(thin_after_days=30, delete_after_days=90) == (["run31"], ["run91"])
    assert store.runs.find("run91") is None
    told = [(entry.actor, entry.action, entry.subject) for _, entry in store.audit.entries(9)]
    assert told == [
        ("the rule of retention", "runs.thin", "run31"),
        ("the rule of retention", "runs.delete", "run91"),
    ]
    assert store.retention.rule() == Retention(30, 90)


def test_pinned_runs_are_left_alone(store, tidy):
    ended(store, "dear", 100)
    store.runs.edit("dear", {"pinned": True})
    assert tidy(thin_after_days=1, delete_after_days=1) == ([], [])


def test_a_run_that_fell_silent_is_over_too(store, tidy):
    ended(store, "lost", 40, end=False)
    ended(store, "alive", 0.5, end=False)
    assert tidy(thin_after_days=30) == (["lost"], [])


def test_the_rule_is_read_and_set_over_http(any_server):
    client = any_server.client
    assert client.get("/retention") == {"thin_after_days": None, "delete_after_days": None}
    rule = {"thin_after_days": 30, "delete_after_days": 365}
    assert client.ask("PUT", "/api/v1/retention", json=rule).json() == rule
    assert client.get("/retention") == rule


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({}, (422, "invalid")),
        ([], (400, "malformed")),
        ({"thin_after_days": 0, "delete_after_days": None}, (422, "invalid")),
        ({"thin_after_days": True, "delete_after_days": None}, (422, "invalid")),
    ],
)
def test_a_rule_that_cannot_be_is_refused(any_server, body, refusal):
    answer = any_server.client.ask("PUT", "/api/v1/retention", json=body)
    assert problem(answer) == refusal


def test_commands_thin_a_run_and_write_the_file_anew(store, run, database_url):
    if not database_url.startswith("sqlite"):
        assert run("vacuum", "--database-url", database_url)[0] == 2
        return
    block = frame(1, points(range(10), batch_loss=np.arange(10)))
    store.log.append([(one, wire.encode(one)) for one in (opening(), block)], now=NOW)
    code, words = run("thin", "run1", "--database-url", database_url)
    assert (code, "run1 are gone" in words) == (0, True), words
    assert run("thin", "nobody", "--database-url", database_url)[0] == 2
    with store.database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE big AS SELECT randomblob(4000000) AS data")
        connection.exec_driver_sql("DROP TABLE big")
    store.database.close()
    code, words = run("vacuum", "--database-url", database_url)
    assert code == 0, words
    with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as file:
        assert file.execute("PRAGMA freelist_count").fetchone() == (0,)
