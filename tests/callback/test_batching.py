"""What was logged becomes blocks, in order, bit by bit."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nanwatch import wire
from nanwatch.batching import BLOCK_SERIES, BLOCK_VALUES, gather, pack
from nanwatch.events import Gap, Heartbeat, Points

A, B = ("batch/loss",), ("batch/loss", "batch/accuracy")
logged = st.tuples(
    st.sampled_from([A, B]),
    st.integers(0, 2**53 - 1),
    st.lists(st.floats(), min_size=2, max_size=2),
).map(lambda item: (item[0], item[1], item[2][: len(item[0])]))


def flat(events):
    """Every value with its series and step, in order of steps within a block."""
    return [
        (name, int(step), np.float64(value).tobytes())
        for event in events
        for k, step in enumerate(event.steps)
        for name in event.values
        for value in [event.values[name][k]]
    ]


@given(st.lists(logged))
def test_every_value_comes_out_once_in_order_and_bit_by_bit(items):
    expected = [
        (name, step, np.float64(value).tobytes())
        for names, step, values in items
        for name, value in zip(names, values, strict=True)
    ]
    assert flat(gather(items)) == expected


def test_neighbours_share_a_block_and_events_stay_in_their_place():
    beat = Heartbeat(1, 0.0)
    events = list(gather([(A, 0, (1.0,)), (A, 1, (2.0,)), beat, (A, 2, (3.0,)), (B, 3, (4, 5))]))
    assert [len(e.steps) if isinstance(e, Points) else e for e in events] == [2, beat, 1, 1]


def test_rows_of_numpy_are_taken_as_well():
    (block,) = gather([(B, 0, np.array([1, math.inf], np.float32))])
    assert block == Points(np.array([0]), {B[0]: np.array([1.0]), B[1]: np.array([math.inf])})


def test_what_is_no_number_becomes_a_gap_and_costs_nothing_else():
    bad = [(B, 5, ("x", None)), (B, 6, (1.0,)), (B, 2**70, (1.0, 2.0))]
    events = list(gather([(A, 0, (1.0,)), bad[0], (B, 4, (1.0, 2.0)), *bad[1:], (A, 7, (2.0,))]))
    assert [type(event) for event in events] == [Points, Points, Gap, Points]
    assert events[2] == Gap(6, 5, 6)


def test_names_that_the_wire_refuses_are_mended():
    events = [*gather([(("a\n",), 0, (1.0,))]), *gather([Points(np.array([0]), {"": np.ones(1)})])]
    wire.decode(wire.encode(wire.Frame("r", "s", 0, tuple(events))))
    assert [list(event.values) for event in events] == [["a\ufffd"], ["unnamed"]]


def test_wide_and_long_logs_fit_into_frames():
    names = tuple(f"layer/{k}/weight_norm" for k in range(2 * BLOCK_SERIES + 1))
    items = [(names, step, [0.5] * len(names)) for step in range(40)]
    frames = list(pack(gather(items)))
    blocks = [event for frame in frames for event in frame]
    assert max(len(b.steps) * len(b.values) for b in blocks) <= BLOCK_VALUES
    assert sum(len(b.steps) * len(b.values) for b in blocks) == 40 * len(names)
    raws = [wire.encode(wire.Frame("r", "s", 0, tuple(frame))) for frame in frames]
    assert max(map(len, raws)) < 1 << 20


def test_pack_loses_and_reorders_nothing():
    events = [Heartbeat(step, 0.0) for step in range(1000)]
    assert [event for frame in pack(events) for event in frame] == events
    assert list(pack([])) == []
