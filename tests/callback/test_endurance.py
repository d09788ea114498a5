"""What watching takes does not grow: short here, long in tests/soak."""

from endurance import HOOKS, REFUSALS, told_by
from ledger_server import free_port
from spools import gaps, steps, stored


def test_hook_calls_against_a_dead_server_take_bounded_memory_and_none_is_lost_in_silence(home):
    calls = 300_000
    told, _ = told_by(HOOKS, f"http://127.0.0.1:{free_port()}", calls)
    sizes = told["MiB after each tenth"]
    assert max(sizes) - sizes[0] < 32
    found = stored(home)
    assert len(steps(found)) + sum(gap.n for gap in gaps(found)) == calls


def test_a_server_that_refuses_again_and_again_takes_nothing_and_is_said_once(home):
    told, lines = told_by(REFUSALS, f"http://127.0.0.1:{free_port()}", 500)
    (_, files, threads), *_, last = told["MiB, files, threads"]
    assert (abs(last[1] - files), last[2]) <= (1, threads)
    assert lines == 2  # that it takes nothing, and where the run is kept
