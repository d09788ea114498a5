"""How much may wait: never more than the room, and a flood leaves a place for the quiet."""

from hypothesis import given
from hypothesis import strategies as st

from nanwatch_monitor.room import Room

runs = st.sampled_from("abcdef")


def test_an_empty_room_takes_what_is_larger_than_itself():
    room = Room(points=10, size=1000)
    assert room.enter("a", 50, 10)
    assert not room.enter("b", 1, 1)
    room.clear()
    assert room.enter("b", 1, 1)


def test_one_that_is_larger_than_the_room_leaves_a_place_for_another_sender():
    room = Room(points=100)
    assert room.enter("a", 1000, 1, sender="backlog")
    assert not room.enter("a", 1, 1, sender="backlog")
    assert room.enter("quiet", 10, 1, sender="quiet")


def test_bytes_take_room_as_points_do():
    room = Room(points=10, size=1000)
    assert [room.enter("a", 0, 300) for _ in range(3)] == [True, False, False]


@given(st.lists(st.tuples(runs, st.integers(1, 30)), max_size=200))
def test_nothing_goes_beyond_the_room(requests):
    room, taken = Room(points=100), 0
    for who, points in requests:
        taken += points if room.enter(who, points, 1) else 0
    assert taken <= 100


@given(st.lists(st.tuples(runs, st.integers(1, 10)), max_size=200), st.integers(1, 10))
def test_a_flood_of_one_run_leaves_room_for_another(requests, points):
    room = Room(points=100)
    for _ in range(200):
        room.enter("flood", 10, 1)
    assert room.enter("quiet", points, 1)


@given(st.lists(st.tuples(runs, st.integers(1, 30)), max_size=200), st.integers(1, 10))
def test_a_flood_of_many_runs_leaves_room_for_another_sender(requests, points):
    room = Room(points=100)
    for no, (run, many) in enumerate(requests):
        room.enter(f"{run}{no}", many, 1, sender="flood")
    assert room.enter("quiet", points, 1, sender="quiet")
