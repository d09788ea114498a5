"""When a run that goes on is looked at, by a clock that is set by hand."""

import pytest

from nanwatch.rounds import Rounds


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def due(rounds, step=5000, epochs=10, progress=0.2):
    return rounds.is_due(step, epochs, progress)


def test_a_look_waits_until_a_hundredth_of_the_time_is_enough_for_it(clock):
    rounds = Rounds(clock)
    clock.now = 300.0
    assert not due(rounds)
    clock.now = 500.0
    assert due(rounds)
    assert rounds.seconds == pytest.approx(5.0)


@pytest.mark.parametrize(
    "place",
    [{"step": 150}, {"step": 500, "epochs": 1}, {"progress": 0.01}],
    ids=["few steps", "few epochs", "little of the plan"],
)
def test_a_young_run_is_let_be(clock, place):
    rounds = Rounds(clock)
    clock.now = 1e4
    assert not due(rounds, **place)


def test_a_long_first_epoch_is_looked_at(clock):
    rounds = Rounds(clock)
    clock.now = 1e4
    assert due(rounds, step=100_000, epochs=0)


def test_looks_come_ever_more_rarely_and_their_time_counts(clock):
    rounds = Rounds(clock)
    clock.now = 1000.0
    with rounds.looking(5000):
        clock.now += 8.0
    assert not due(rounds, step=9999)
    assert not due(rounds, step=10_000)  # too little of the hundredth is left
    clock.now = 2000.0
    assert due(rounds, step=10_000)


def test_the_pace_of_a_run_is_known(clock):
    rounds = Rounds(clock)
    clock.now = 10.0
    assert rounds.mean_s(99) == pytest.approx(0.1)
