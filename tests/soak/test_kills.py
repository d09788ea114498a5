"""Kills of either side, and of the database: nothing is lost, nothing is there twice."""

import random
import threading
import time

import pytest

from crashes import delivered, kept, said, train_and_kill, train_while_the_server_dies
from ledger_server import free_port
from monitor.test_crash import is_kept
from monitor.test_faults import is_refused_for_now, own_postgres, send
from nanwatch.spool import stored_streams
from servers import wait_for

__all__ = ["own_postgres"]

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
