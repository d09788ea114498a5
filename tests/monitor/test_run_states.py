"""States follow from silence, and the server's own absence is no silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanwatch_monitor.run_states import Deafness, seen_between, state_of

HEARING = Deafness(0.0, 0.0)


@pytest.mark.parametrize(
    ("silence", "state"),
    [(0, "running"), (29, "running"), (31, "stale"), (299, "stale"), (301, "lost")],
)
def test_silence_makes_a_run_stale_then_lost(silence, state):
    assert state_of(1000.0 - silence, None, 1000.0, HEARING) == state


def test_an_end_outlasts_any_silence():
    assert state_of(0.0, "finished", 1e6, HEARING) == "finished"


def test_while_the_server_was_down_nobody_fell_silent():
    night = Deafness(begin=1000.0, end=9000.0)
    assert state_of(995.0, None, 9020.0, night) == "running"
    assert state_of(995.0, None, 9040.0, night) == "stale"
    assert state_of(995.0, None, 9400.0, night) == "lost"


def test_who_was_lost_before_the_server_went_down_stays_lost():
    assert state_of(500.0, None, 9001.0, Deafness(begin=1000.0, end=9000.0)) == "lost"


moments = st.floats(0, 1e5)


@given(seen=moments, begin=moments, down=moments, since=moments)
def test_a_list_by_state_holds_exactly_the_runs_in_that_state(seen, begin, down, since):
    deaf = Deafness(begin, begin + down)
    now = deaf.end + since
    found = [
        state
        for state in ("running", "stale", "lost")
        if seen_between(state, now, deaf)[0] < seen <= seen_between(state, now, deaf)[1]
    ]
    assert found == [state_of(seen, None, now, deaf)]
