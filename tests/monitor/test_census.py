"""A run has so many series and no more."""

from frames import frame, opening, points
from nanwatch_monitor.census import MAX_SERIES, Census


def named(count, run_id="run1", first=0):
    names = {f"s{number}": [1.0] for number in range(first, first + count)}
    return [frame(1, points([0], **names), run_id=run_id)]


def test_known_names_are_counted_once_and_each_run_by_itself():
    census = Census(most=10)
    assert census.admits(named(10))
    assert census.admits(named(10))
    assert not census.admits(named(1, first=10))
    assert census.admits(named(10, run_id="run2"))
    assert census.admits(named(5))  # what was refused was not counted


def test_what_holds_no_points_is_let_through():
    assert Census(most=0).admits([opening()])


def test_a_run_with_too_many_series_is_refused_with_the_limit(live_server):
    live_server.client.send(opening(), *named(10))
    names = {f"t{number}": [1.0] for number in range(MAX_SERIES)}
    answer = live_server.client.send(frame(2, points([1], **names)))
    told = answer.json()
    assert (answer.status, told["code"]) == (422, "too_many_series")
    assert str(MAX_SERIES) in told["why"]
    assert live_server.client.send(frame(2, points([1], s1=[2.0]))).status == 200
