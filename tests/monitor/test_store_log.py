"""The log keeps every frame once, in order, byte for byte."""

import math

import pytest

from frames import frame, opening, points
from nanwatch import wire
from nanwatch.events import Heartbeat
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.receipts import ConflictError, SequenceGapError, UnknownRunError


def append(store, *frames):
    return store.log.append([(frame, wire.encode(frame)) for frame in frames], now=1000.0)


def test_frames_come_back_as_they_were(store):
    sent = [opening(), frame(1, points([0, 1], batch_loss=[math.nan, -math.inf]))]
    receipt = append(store, *sent)
    assert receipt.acked == 1
    assert store.log.frames(receipt.stream_id, after=-1) == sent


def test_frames_outlive_the_process(store, database_url):
    receipt = append(store, opening(), frame(1, points([5], batch_loss=[math.nan])))
    store.close()
    again = Store.open(database_url)
    assert [found.seq for found in again.log.frames(receipt.stream_id, after=0)] == [1]
    assert [head.id for head in again.log.unwatched()] == [receipt.stream_id]
    again.close()


def test_a_frame_that_comes_twice_is_stored_once(store):
    append(store, opening(), frame(1, Heartbeat(1, 0.0)))
    receipt = append(store, frame(1, Heartbeat(1, 0.0)), frame(2, Heartbeat(2, 0.0)))
    assert (receipt.acked, receipt.duplicates, len(receipt.fresh)) == (2, 1, 1)
    assert [found.seq for found in store.log.frames(receipt.stream_id, after=-1)] == [0, 1, 2]


def test_the_same_number_with_other_bytes_is_a_conflict(store):
    append(store, opening(), frame(1, Heartbeat(1, 0.0)))
    with pytest.raises(ConflictError):
        append(store, frame(1, Heartbeat(7, 0.0)))


def test_a_gap_says_what_is_expected_and_stores_nothing(store):
    receipt = append(store, opening())
    with pytest.raises(SequenceGapError) as error:
        append(store, frame(1, Heartbeat(1, 0.0)), frame(3, Heartbeat(3, 0.0)))
    assert error.value.expected == 2
    assert store.log.head(receipt.stream_id).last_seq == 0


def test_a_stream_begins_with_its_first_frame(store):
    append(store, opening())
    with pytest.raises(SequenceGapError) as error:
        append(store, frame(4, stream="another"))
    assert error.value.expected == 0


@pytest.mark.parametrize("run_id", ["run1", "never-opened"])
def test_a_stream_that_does_not_say_what_it_is_is_refused(store, run_id):
    append(store, opening())
    with pytest.raises(UnknownRunError):
        append(store, frame(0, Heartbeat(1, 0.0), run_id=run_id, stream="another"))


def test_a_stream_belongs_to_one_run(store):
    append(store, opening())
    with pytest.raises(ConflictError):
        append(store, opening(run_id="run2"))
    assert store.runs.find("run2") is None


def test_a_second_writer_joins_the_run(store):
    first, second = append(store, opening()), append(store, opening(stream="stream2"))
    heads = store.log.heads("run1")
    assert [head.id for head in heads] == [first.stream_id, second.stream_id]
