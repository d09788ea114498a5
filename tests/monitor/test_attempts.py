"""A run taken up again, a step that goes back, a second writer: each is there to be seen."""

import math

import pytest

from frames import frame, opening, points
from nanwatch import wire
from nanwatch_monitor.series.reader import SeriesReader
from nanwatch_monitor.series.sealer import seal

NAME = "batch/loss"


def loss(seq, first, values, stream="stream1"):
    """A frame of the loss from a step on."""
    steps = range(first, first + len(values))
    return frame(seq, points(steps, batch_loss=values), stream=stream)


RESUMED = [
    [opening(), loss(1, 0, [1.0] * 6)],
    [opening(stream="again"), loss(1, 4, [2.0] * 6, stream="again")],
]
WENT_BACK = [[opening(), loss(1, 0, [1.0] * 6), loss(2, 4, [2.0] * 6)]]
TWO_WRITERS = [
    [opening(), frame(1, points([0, 2, 4], batch_loss=[1.0] * 3))],
    [opening(stream="other"), frame(1, points([1, 3], batch_loss=[2.0] * 2), stream="other")],
]
SHOWN = [1.0] * 4 + [2.0] * 6


def append(store, frames, sealed):
    """Store frames of one stream, and seal so many of them."""
    receipt = store.log.append([(one, wire.encode(one)) for one in frames], now=1000.0)
    if sealed:
        assert seal(store.series, receipt.stream_id, frames[sealed - 1].seq, b"")


def listed(store):
    found = SeriesReader(store.series).overview("run1", NAME, None, None, 99)
    return [(one.no, one.first, one.last, one.n) for one in found.attempts]


def values(store, attempt=None):
    return SeriesReader(store.series).points("run1", NAME, None, None, 99, attempt).values.tolist()


@pytest.mark.parametrize("sealed", [0, 1, 2, 3])
@pytest.mark.parametrize("streams", [RESUMED, WENT_BACK], ids=["resumed", "went back"])
def test_attempts_are_told_and_the_latest_lies_on_top(store, streams, sealed):
    for frames in streams:
        append(store, frames, min(sealed, len(frames)))
    assert listed(store) == [(0, 0, 5, 6), (1, 4, 9, 6)]
    assert values(store) == SHOWN
    assert (values(store, 0), values(store, 1)) == ([1.0] * 6, [2.0] * 6)
    assert SeriesReader(store.series).points("run1", NAME, None, None, 99, 2) is None


@pytest.mark.parametrize("sealed", [0, 2])
def test_points_of_two_writers_lie_between_each_other(store, sealed):
    for frames in TWO_WRITERS:
        append(store, frames, sealed)
    assert listed(store) == [(0, 0, 4, 3), (1, 1, 3, 2)]
    assert values(store) == [1.0, 2.0, 1.0, 2.0, 1.0]


def test_an_attempt_goes_on_after_it_was_sealed(store):
    append(store, WENT_BACK[0], 3)
    append(store, [loss(3, 10, [2.0] * 5)], 0)
    assert listed(store) == [(0, 0, 5, 6), (1, 4, 14, 11)]


def test_a_hidden_nan_is_found_in_its_attempt(store):
    append(store, [opening(), loss(1, 0, [1.0, math.nan, 1.0]), loss(2, 1, [2.0, 2.0])], 3)
    reader = SeriesReader(store.series)
    assert reader.overview("run1", NAME, None, None, 9).nonfinite == ()
    (odd,) = reader.overview("run1", NAME, None, None, 9, attempt=0).nonfinite
    assert (odd.step, odd.kind) == (1, "NaN")


def test_attempts_are_told_over_http(any_server):
    client = any_server.client
    for frames in RESUMED:
        assert client.send(*frames).status == 200
    path = "/runs/run1/overview?name=batch/loss&buckets=5"
    assert client.get(path)["attempts"] == [
        {"attempt": 0, "from": 0, "to": 5, "n": 6},
        {"attempt": 1, "from": 4, "to": 9, "n": 6},
    ]
    assert client.get(f"{path}&attempt=0")["max"] == [1.0] * 5
    assert client.get("/runs/run1/points?name=batch/loss&attempt=0")["values"] == [1.0] * 6
    refused = client.ask("GET", f"/api/v1{path}&attempt=2")
    assert (refused.status, refused.json()["code"]) == (404, "unknown_attempt")
