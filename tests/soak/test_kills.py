"""Kills of either side, and of the database: nothing is lost, nothing is there twice."""

import itertools
import random
import threading
import time

import pytest

from crashes import delivered, kept, said, train_and_kill, train_while_the_server_dies
from ledger_server import free_port
from monitor.conftest import store
from monitor.test_crash import is_kept
from monitor.test_faults import dies, filled, is_refused_for_now, kept_by, own_postgres, send
from monitor.test_migrate import FIRST_WITH_SEALED
from nanwatch.spool import stored_streams
from nanwatch_monitor.store.migrate import HEAD, current_revision, migrate
from servers import wait_for

__all__ = ["filled", "own_postgres", "store"]

KILLS, KILLS_OF_POSTGRES, FRAMES = 20, 5, 60
MOMENTS = random.Random(7)  # noqa: S311 - no secret


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_twenty_kills_of_the_server(
    home, server_process, database_url, monkeypatch, measured, seed
):
    server = server_process("--database-url", database_url, port=free_port()).start()
    n, run_id = train_while_the_server_dies(server, KILLS, monkeypatch, seed)
    there = kept(server.client, run_id)
    measured(f"{n} points, {n - len(there)} lost, {KILLS} kills")
    assert there == said(n)
    assert stored_streams(home / "spool") == []


@pytest.mark.parametrize("kind", ["finite", "nan"])
def test_twenty_kills_of_the_training(home, tmp_path, live_server, measured, kind):
    lost, points = set(), 0
    for number in range(KILLS):
        oracle = tmp_path / f"oracle{number}"
        death = train_and_kill(oracle, MOMENTS.uniform(0.15, 1.2), kind)
        there = delivered(death, home, live_server)
        lost |= (death.old | death.nans) - set(there)
        points += len(there)
        assert sorted(there) == list(range(len(there)))
        assert death.nans <= {step for step, value in there.items() if value == "NaN"}
    measured(f"{points} points of {KILLS} trainings, {len(lost)} lost that were due")
    assert not lost


def test_five_kills_of_postgresql(server_process, own_postgres, measured):
    process = server_process("--database-url", own_postgres.new_database()).start()
    for begin in range(0, FRAMES, FRAMES // KILLS_OF_POSTGRES):
        end = begin + FRAMES // KILLS_OF_POSTGRES
        sender = threading.Thread(target=send, args=(process, begin, end))
        sender.start()
        time.sleep(MOMENTS.uniform(0.0, 0.06))
        own_postgres.crash()
        assert wait_for(lambda: is_refused_for_now(process, FRAMES + 1))
        own_postgres.launch()
        sender.join()
    measured(f"{FRAMES} frames acknowledged, {KILLS_OF_POSTGRES} kills")
    assert is_kept(process, FRAMES - 1)


def test_a_kill_before_each_statement_of_sealing_and_of_migrating(filled, store, measured):
    expected, killed = kept_by(filled), {}
    migrate(store.database, FIRST_WITH_SEALED, keep=False)
    for what in ("migrate", "seal"):
        for statement in itertools.count(1):
            if not dies(filled, statement, what):
                break
            assert current_revision(store.database) == {"migrate": FIRST_WITH_SEALED}.get(
                what, HEAD
            )
            assert what == "migrate" or kept_by(filled) == expected
        killed[what] = statement - 1
    measured(f"killed {killed['migrate']} times while migrating, {killed['seal']} while sealing")
    assert current_revision(store.database) == HEAD
    assert kept_by(filled) == expected
    assert min(killed.values()) > 10
