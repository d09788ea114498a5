"""Twenty kills of either side: nothing is lost, nothing is there twice."""

import random

import pytest

from crashes import delivered, kept, said, train_and_kill, train_while_the_server_dies
from ledger_server import free_port
from nanwatch.spool import stored_streams

KILLS = 20
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
