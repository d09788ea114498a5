"""The pace of close looks: as often as a hundredth of the training's time allows."""

from nanwatch.recorder.pace import PERIOD_S, SHARE, Pace


def looks(every, steps, step_s=0.0, look_s=0.0):
    """The steps that were looked at, on a clock of our own."""
    now, found = [0.0], []
    pace = Pace(every, lambda: now[0])
    for step in range(steps):
        if pace.is_due(step):
            found.append(step)
            with pace.looking():
                now[0] += look_s
        now[0] += step_s
    return found


def test_the_first_step_is_looked_at_and_quick_ones_after_it_are_not():
    assert looks(1, 10) == [0]


def test_steps_that_take_longer_than_the_time_between_looks_are_all_looked_at():
    assert looks(1, 4, step_s=1.5 * PERIOD_S) == [0, 1, 2, 3]


def test_a_look_that_takes_long_is_repeated_only_when_it_is_a_small_share():
    assert looks(1, 25, step_s=PERIOD_S, look_s=10 * SHARE * PERIOD_S) == [0, 10, 20]


def test_only_logged_steps_are_looked_at():
    assert looks(3, 7, step_s=PERIOD_S) == [0, 3, 6]
    assert looks(None, 7, step_s=PERIOD_S) == []
