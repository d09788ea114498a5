"""What a heartbeat says of how a training advances."""

import pytest

from nanwatch.events import Heartbeat
from nanwatch.pulse import Pulse


def seen(*steps, pause=1.0):
    """A pulse that saw these steps, a pause after each other; and when it saw the last."""
    pulse, now = Pulse(0.0), 0.0
    for step in steps:
        now += pause
        pulse.see(step, False, now)
    return pulse, now


def test_it_tells_the_last_step_and_for_how_long_none_came():
    pulse, now = seen(0, 1, 2)
    assert pulse.beat(now + 7.0) == Heartbeat(2, 7.0, 300.0)


@pytest.mark.parametrize("steps", [(), (0,), (None, None)])
def test_before_a_second_step_nobody_knows_how_long_one_takes(steps):
    pulse, now = seen(*steps)
    assert pulse.beat(now + 9000.0).patience_s is None


def test_slow_steps_have_time_and_fast_ones_between_two_looks_count_each():
    slow, _ = seen(*range(10), pause=60.0)
    fast, _ = seen(*range(0, 1000, 100), pause=60.0)
    assert (slow.beat(700.0).patience_s, fast.beat(700.0).patience_s) == (1200.0, 300.0)


def test_a_rest_that_it_came_back_from_is_no_reason_to_worry_the_next_time():
    pulse, now = seen(*range(10))
    pulse.see(10, False, now + 400.0)
    assert pulse.beat(now).patience_s == 800.0


def test_a_validation_is_excused_and_does_not_count_afterwards():
    pulse, now = seen(*range(10))
    pulse.see(9, True, now + 900.0)
    assert pulse.beat(now + 900.0) == Heartbeat(9, 0.0, None)
    pulse.see(9, False, now + 905.0)
    assert pulse.beat(now + 905.0) == Heartbeat(9, 5.0, 300.0)


def test_a_step_that_goes_back_teaches_no_pace():
    pulse, now = seen(5, 3)
    assert pulse.beat(now) == Heartbeat(3, 0.0, None)
