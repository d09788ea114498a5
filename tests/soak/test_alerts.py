"""A NaN is told whenever the server is killed: never not at all, and never under two ids."""

import random

from monitor.test_alert_bars import ids_over_a_kill, told_server

KILLS = 20
MOMENTS = random.Random(7)  # noqa: S311 - no secret


def test_over_twenty_kills_no_alert_is_missing_and_none_is_two(server_process, measured):
    told = []
    with told_server(server_process) as (server, receiver):
        for kill in range(KILLS):
            told.append(ids_over_a_kill(server, receiver, f"run{kill}", MOMENTS.uniform(0.0, 1.5)))
    once = sum(len(ids) == 1 for ids in told)
    measured(f"{KILLS} kills: {once} told once, {KILLS - once} twice, 0 missing")
    assert [ids for ids in told if len(ids) > 2 or len(set(ids)) > 1] == []
