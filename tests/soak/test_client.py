"""The client under strain for long: memory, files, threads, order."""

import time

from endurance import HOOKS, REFUSALS, taken, told_by
from ledger_server import free_port
from nanwatch.run import start_run
from nanwatch.spool import stored_streams
from proxy import Proxy
from servers import wait_for
from spools import gaps, steps, stored


def test_ten_million_hook_calls_against_a_dead_server(home, measured):
    calls = 10_000_000
    told, _ = told_by(HOOKS, f"http://127.0.0.1:{free_port()}", calls)
    sizes = told["MiB after each tenth"]
    found = stored(home)
    there, dropped = len(steps(found)), sum(gap.n for gap in gaps(found))
    measured(
        f"{sizes[0]:.0f} MiB after a tenth, at most {max(sizes):.0f}; "
        f"{told['us per call']:.2f} us a call; {there} on disk, {dropped} dropped and told"
    )
    assert max(sizes) - sizes[0] < 64
    assert there + dropped == calls


def test_a_hundred_thousand_refused_connections(home, measured):
    told, lines = told_by(REFUSALS, f"http://127.0.0.1:{free_port()}", 100_000)
    (first, files, threads), *_, (last, *_) = looks = told["MiB, files, threads"]
    measured(f"{first:.1f} to {last:.1f} MiB, {files} files, {threads} threads, {lines} lines said")
    assert {look[2] for look in looks} == {threads}
    assert max(abs(look[1] - files) for look in looks) <= 1
    assert last - first < 8
    assert lines <= 12


def test_a_million_points_behind_a_cut_cable(home, server, measured):
    count = 1_000_000
    with Proxy(server.port) as way, start_run(way.url, verbose=0) as run:
        run.log({"loss": 0.0}, step=0)
        server.wait_for(server.steps)
        way.turn("refuse")
        before = taken()[0]
        for step in range(1, count):
            run.log({"loss": 0.0}, step=step)
        grown = taken()[0] - before
        way.turn("pass")
        began = time.monotonic()
        wait_for(lambda: run._reporter._spool.backlog == 0, 600)
        took = time.monotonic() - began
    measured(f"grown by {grown:.0f} MiB while cut off, then {count / took:.0f} points/s")
    assert server.steps() == list(range(count))
    assert stored_streams(home / "spool") == []
    assert grown < 64
