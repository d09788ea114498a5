"""When there is something to wait for, and when not."""

import pytest

from nanwatch.breaker import Breaker, breaker_of


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.mark.parametrize(
    ("answers", "is_open"),
    [
        ([], False),
        ([False], False),
        ([False, False], True),
        ([False, False, True], False),
        ([False, True, False], False),
        ([False, False, None], True),  # nothing was asked: nothing is new
    ],
)
def test_two_failures_in_a_row_open_it_and_a_success_closes_it(clock, answers, is_open):
    breaker = Breaker(clock)
    for well in answers:
        breaker.asked()
        breaker.over(well)
    assert breaker.is_open == is_open


def test_a_request_without_an_answer_opens_it_until_the_answer_comes(clock):
    breaker = Breaker(clock)
    breaker.asked()
    clock.now += 2.0
    assert not breaker.is_open
    breaker.asked()  # another run's: the first one still waits
    clock.now += 2.0
    assert breaker.is_open
    breaker.over(True)
    assert not breaker.is_open


def test_who_left_a_request_unanswered_is_silent_until_it_answers_one(clock):
    breaker = Breaker(clock)
    breaker.asked()
    clock.now += 10.0
    breaker.over(False)
    breaker.asked()
    assert breaker.is_silent
    breaker.over(False)  # it refuses at once
    assert not breaker.is_silent


def test_old_failures_are_forgotten(clock):
    breaker = Breaker(clock)
    breaker.over(False)
    breaker.over(False)
    clock.now += 301.0
    assert not breaker.is_open


def test_runs_of_a_process_share_what_they_know_of_a_server():
    assert breaker_of("http://a.example") is breaker_of("http://a.example")
    assert breaker_of("http://a.example") is not breaker_of("http://b.example")
