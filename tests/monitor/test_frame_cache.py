"""Frames that were taken in are at hand, as many as fit, and only without a hole."""

from frames import frame, opening, points
from nanwatch_monitor.series.frame_cache import FrameCache


def block(seq, stream="stream1"):
    return frame(seq, points(range(1000), batch_loss=range(1000)), stream=stream)


def test_what_is_at_hand_is_given_up_to_the_first_hole():
    cache = FrameCache()
    cache.keep([opening(), block(1), block(2), block(4), block(3, "other")])
    assert [one.seq for one in cache.behind("stream1", -1, 9)] == [0, 1, 2]
    assert [one.seq for one in cache.behind("stream1", 0, 1)] == [1]
    assert cache.behind("stream1", 2, 9) == []
    assert set(cache.find([("stream1", 4), ("stream1", 3)])) == {("stream1", 4)}


def test_the_oldest_make_room():
    cache = FrameCache(most_bytes=3 * 18_048)
    for seq in range(10):
        cache.keep([block(seq), block(seq)])
    assert [one.seq for one in cache.behind("stream1", 6, 9)] == [7, 8, 9]
    assert cache.behind("stream1", 5, 9) == []


def test_what_is_sealed_takes_no_room():
    cache = FrameCache(most_bytes=3 * 18_048)
    cache.keep([block(0), block(1), block(2)])
    cache.drop("stream1", 0, 5)
    cache.keep([block(6), block(7), block(8)])
    assert [one.seq for one in cache.behind("stream1", 5, 9)] == [6, 7, 8]
