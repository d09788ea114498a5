"""What is told together, and how often: a storm becomes a few messages."""

import pytest

from nanwatch_monitor.alerts.grouping import (
    BACKLOG,
    DIGEST,
    MINUTE_S,
    Spoken,
    Waiting,
    group_of,
    next_message,
)


def waiting(*groups, urgent=True, since=0.0):
    return [Waiting(n, group, urgent, since) for n, group in enumerate(groups)]


def test_a_group_goes_at_once_and_whole():
    assert next_message(waiting("a", "b", "a"), [], 0.0).ids == (0, 2)


@pytest.mark.parametrize(("urgent", "gather_s"), [(True, 5.0), (False, 30.0)])
def test_what_follows_is_gathered(urgent, gather_s):
    spoken = [Spoken("a", 100.0)]
    news = waiting("a", "a", urgent=urgent)
    assert next_message(news, spoken, 99.9 + gather_s) is None
    assert next_message(news, spoken, 100.0 + gather_s).ids == (0, 1)


def test_a_group_that_waits_holds_up_no_other():
    assert next_message(waiting("a", "b"), [Spoken("a", 0.0)], 1.0).group == "b"


def test_a_group_speaks_twice_a_minute():
    assert next_message(waiting("a"), [Spoken("a", 0.0), Spoken("a", 5.0)], 59.0) is None


def test_after_ten_messages_one_is_about_all_the_rest_and_then_none():
    spoken = [Spoken(str(n), 0.0) for n in range(10)]
    assert next_message(waiting("a", "b"), spoken, 4.9) is None
    digest = next_message(waiting("a", "b"), spoken, 5.0)
    assert (digest.group, digest.ids) == (DIGEST, (0, 1))
    assert next_message(waiting("a"), [*spoken, Spoken(DIGEST, 5.0)], 59.0) is None


def test_what_is_delivered_late_is_gathered_for_half_a_minute():
    assert next_message(waiting(BACKLOG, BACKLOG), [], 29.0) is None
    assert next_message(waiting(BACKLOG, BACKLOG), [], 30.0).ids == (0, 1)


def test_groups_are_symptoms_in_projects_and_late_ones_are_one():
    at = 10_000.0
    assert group_of("zoo", "nan_loss", "firing", None, at) == group_of(
        "zoo", "nan_loss", "again", at - 599, at
    )
    others = [
        ("park", "nan_loss", "firing"),
        ("zoo", "hung", "firing"),
        ("zoo", "hung", "resolved"),
    ]
    assert len({group_of(*other, None, at) for other in others}) == 3
    assert group_of("zoo", "nan_loss", "firing", at - 601, at) == BACKLOG


@pytest.mark.parametrize("projects", [1, 5, 1000])
def test_a_thousand_at_once_are_at_most_eleven_messages_a_minute(projects):
    left = waiting(*(f"project {n % projects}" for n in range(1000)))
    told = []
    for tenth in range(1200):
        now = tenth / 10
        spoken = [one for one in told if one.at > now - MINUTE_S]
        choice = next_message(left, spoken, now)
        if choice is not None:
            told.append(Spoken(choice.group, now))
            left = [one for one in left if one.id not in choice.ids]
    assert sum(one.at < MINUTE_S for one in told) <= 11
    assert left == []
