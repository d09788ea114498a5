"""States follow from silence, and the server's own absence is no silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frames import points
from nanwatch.events import Heartbeat, RunEnded
from nanwatch_monitor.run_record import Progress, advanced
from nanwatch_monitor.run_states import Deafness, seen_between, state_of, state_reason

HEARING = Deafness(0.0, 0.0)


@pytest.mark.parametrize(
    ("silence", "state"),
    [(0, "running"), (29, "running"), (31, "stale"), (299, "stale"), (301, "lost")],
)
def test_silence_makes_a_run_stale_then_lost(silence, state):
    assert state_of(Progress(1000.0 - silence), 1000.0, HEARING) == state


def test_an_end_outlasts_any_silence():
    assert state_of(Progress(0.0, end_state="finished"), 1e6, HEARING) == "finished"


def test_while_the_server_was_down_nobody_fell_silent():
    night = Deafness(begin=1000.0, end=9000.0)
    assert state_of(Progress(995.0), 9020.0, night) == "running"
    assert state_of(Progress(995.0), 9040.0, night) == "stale"
    assert state_of(Progress(995.0), 9400.0, night) == "lost"


def test_who_was_lost_before_the_server_went_down_stays_lost():
    night = Deafness(begin=1000.0, end=9000.0)
    assert state_of(Progress(500.0), 9001.0, night) == "lost"


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
    assert found == [state_of(Progress(seen), now, deaf)]


def after(*said, now=1000.0):
    """How a run stands that said this at one moment."""
    progress = Progress(now)
    for event in said:
        progress = advanced(progress, event, now)
    return progress


STEP = points([8], batch_loss=[0.5])
HANGS, CALM = Heartbeat(7, 301.0, 300.0), Heartbeat(7, 299.0, 300.0)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ((HANGS,), "hung"),
        ((CALM,), "running"),
        ((Heartbeat(7, 9000.0, None),), "running"),  # it compiles, or validates
        ((HANGS, CALM), "running"),
        ((HANGS, STEP), "running"),
        ((HANGS, RunEnded("failed")), "failed"),
    ],
)
def test_a_run_that_reports_but_makes_no_step_is_hung_until_it_makes_one(said, state):
    assert state_of(after(*said), 1010.0, HEARING) == state


def test_when_it_hung_is_told_by_the_last_step():
    assert after(HANGS).hung_since == 1000.0 - 301.0


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("running", ""),
        ("stale", "no contact since 1970-01-01 00:16:40 UTC: the training died, or the network"),
        ("lost", "no contact since 1970-01-01 00:16:40 UTC: the training died, or the network"),
        ("hung", "no step since 1970-01-01 00:11:39 UTC: it reports, but its steps have stopped"),
    ],
)
def test_what_is_known_of_a_silent_run_is_said_and_no_more(state, reason):
    assert state_reason(after(HANGS), state).startswith(reason)


def test_a_hung_run_that_falls_silent_is_stale_then_lost():
    states = [state_of(after(HANGS), 1000.0 + silence, HEARING) for silence in (40.0, 400.0)]
    assert states == ["stale", "lost"]
