"""The bytes of the vocabulary: what goes in comes out, and damage is told, never swallowed."""

import datetime
import struct
import zlib

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from nanwatch import events, wire

steps = st.integers(0, events.MAX_STEP)
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
names = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1, max_size=60)
seconds = st.floats(0, 2.5e11)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False)
plain = st.recursive(
    scalars | texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=8
)
facts = st.dictionaries(texts, plain, max_size=4)
any_bits = st.integers(0, 2**64 - 1)


@st.composite
def points(draw):
    n = draw(st.integers(1, 20))
    step_column = draw(npst.arrays(np.int64, n, elements=steps))
    # Drawn as raw bits, so that signalling NaNs, payloads, -0.0 and denormals all occur.
    column = npst.arrays(np.uint64, n, elements=any_bits).map(lambda bits: bits.view(np.float64))
    return events.Points(step_column, draw(st.dictionaries(names, column, min_size=1, max_size=4)))


causes = st.builds(
    events.Cause,
    label=texts,
    confidence=st.floats(0, 1),
    summary=texts,
    evidence=st.lists(st.builds(events.Evidence, texts, texts, texts), max_size=2).map(tuple),
    where=facts,
    fix=st.builds(events.Fix, texts, texts),
    verified=st.none() | st.booleans(),
)
diagnoses = st.builds(
    events.Diagnosis,
    st.sampled_from(events.SYMPTOMS),
    st.sampled_from(events.SEVERITIES),
    st.none() | steps,
    st.lists(causes, max_size=2).map(tuple),
)
any_event = st.one_of(
    st.builds(
        events.RunStarted,
        name=names,
        project=names,
        tags=st.lists(names, max_size=3).map(tuple),
        config=facts,
        facts=facts,
        started_at=seconds,
    ),
    st.builds(events.FactsLearned, facts),
    points(),
    st.builds(events.Heartbeat, st.none() | steps, seconds),
    st.builds(events.Gap, steps, steps, steps),
    st.builds(events.Diagnosed, diagnoses),
    st.builds(events.RunEnded, st.sampled_from(["finished", "failed"]), texts, seconds),
)
ids = st.text("abcXYZ019_-", min_size=1, max_size=64)
frames = st.builds(
    wire.Frame, ids, ids, st.integers(0, 2**53 - 1), st.lists(any_event, max_size=4).map(tuple)
)
sample = wire.Frame("run", "stream", 7, (events.Gap(3, 1, 2), events.Heartbeat(2, 0.5)))


def framed(body):
    """A frame with an honest head round any body."""
    return struct.pack("<4sHHII", b"NANW", 1, 0, len(body), zlib.crc32(body)) + body


def frame_with(tag, fields):
    return framed(msgspec.msgpack.encode(("run", "stream", 0, [(tag, fields)])))


def floats(*values):
    return msgspec.msgpack.Ext(1, np.array(values, "<f8").tobytes())


def ints(*values):
    return msgspec.msgpack.Ext(2, np.array(values, "<i8").tobytes())


def nested(depth):
    value = 0
    for _ in range(depth):
        value = [value]
    return value


@given(frames)
def test_every_frame_comes_back_bit_by_bit(frame):
    raw = wire.encode(frame)
    assert wire.decode(raw) == frame
    assert wire.identity(raw) == (frame.run_id, frame.stream, frame.seq)


@given(st.lists(frames, max_size=4))
def test_frames_back_to_back_come_back_with_their_own_bytes(several):
    raws = [wire.encode(frame) for frame in several]
    assert list(wire.decode_all(b"".join(raws))) == list(zip(several, raws, strict=True))


def test_half_precision_and_scalars_of_numpy_arrive_as_their_value():
    block = events.Points(np.array([1], np.int32), {"a": np.array([0.5], np.float16)})
    facts_event = events.FactsLearned({"rate": np.float64(0.1), "n": np.int64(3)})
    got = wire.decode(wire.encode(wire.Frame("r", "s", 0, (block, facts_event)))).events
    assert got[0].values["a"].tolist() == [0.5]
    assert got[1].facts == {"rate": 0.1, "n": 3}


def test_truncated_at_every_offset_is_told_as_truncated():
    raw = wire.encode(sample)
    for end in range(1, len(raw)):
        with pytest.raises(wire.TruncatedFrameError):
            wire.decode(raw[:end])


@given(st.data())
def test_flipped_bytes_raise_wire_error_or_leave_the_frame_as_it_was(data):
    raw = bytearray(wire.encode(sample))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    try:
        assert wire.decode(bytes(raw)) == sample  # only the two reserved bytes mean nothing
        assert at in (6, 7)
    except wire.WireError:
        assert at not in (6, 7)


@given(st.binary(max_size=200))
def test_random_bytes_and_bodies_raise_nothing_but_wire_error(data):
    for raw in (data, framed(data)):
        try:
            list(wire.decode_all(raw))
        except wire.WireError:
            continue


msgpack_values = st.recursive(
    scalars
    | st.text(max_size=5)
    | st.binary(max_size=9)
    | st.datetimes(timezones=st.just(datetime.UTC))
    | st.builds(msgspec.msgpack.Ext, st.integers(0, 3), st.binary(max_size=16))
    | st.builds(
        msgspec.Raw, st.sampled_from([b"\xa1\xff", b"\xc1", b"\x81\x90\x01", b"\x91" * 2000])
    )
    | st.just(ints(0, 1)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["steps", "values", "name", "project", "step", "facts", "a", "n"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.sampled_from(["run", "facts", "points", "beat", "gap", "diagnosis", "end"]), msgpack_values
)
def test_any_msgpack_in_an_event_gives_an_event_or_wire_error(tag, fields):
    try:
        (event,) = wire.decode(frame_with(tag, fields)).events
    except wire.WireError:
        return
    events.to_json(event)


@pytest.mark.parametrize(
    ("tag", "fields", "says"),
    [
        ("colour", {}, "unknown event"),
        ("points", {"steps": ints(0)}, "need `steps` and `values`"),
        ("points", {"steps": ints(0), "values": {}}, "without a series"),
        ("points", {"steps": ints(), "values": {"a": floats()}}, "0 steps"),
        ("points", {"steps": ints(-1), "values": {"a": floats(1)}}, "between 0"),
        ("points", {"steps": ints(2**53), "values": {"a": floats(1)}}, "between 0"),
        ("points", {"steps": floats(1), "values": {"a": floats(1)}}, "64-bit integers"),
        ("points", {"steps": ints(0, 1), "values": {"a": floats(1)}}, "2 64-bit floats"),
        ("points", {"steps": ints(0), "values": {"a": ints(1)}}, "64-bit floats"),
        ("points", {"steps": ints(0), "values": {"x" * 257: floats(1)}}, "256 bytes"),
        ("points", {"steps": ints(0), "values": {"": floats(1)}}, "1 to 256"),
        ("points", {"steps": ints(0), "values": {"a\n": floats(1)}}, "control characters"),
        ("points", {"steps": msgspec.msgpack.Ext(2, b"123")}, "damaged array"),
        ("run", {"name": "a\n", "project": "p"}, "name"),
        ("run", {"name": "a" * 257, "project": "p"}, "256"),
        ("run", {"name": "a", "project": "p", "tags": ["t"] * 65}, "64"),
        ("run", {"name": "a", "project": "p", "started_at": float("inf")}, "started_at"),
        ("facts", {"facts": {"a": b"bytes"}}, "not a plain value"),
        ("facts", {"facts": {"a": "\0"}}, "NUL"),
        ("facts", {"facts": {"a": nested(17)}}, "nested"),
        ("facts", {"facts": {"a": floats(1)}}, "not a plain value"),
        ("beat", {"step": -1, "idle_s": 0}, "step"),
        ("beat", {"step": 2**53, "idle_s": 0}, "step"),
        ("beat", {"step": 1.5, "idle_s": 0}, "step"),
        ("beat", {"step": True, "idle_s": 0}, "step"),
        ("beat", {"step": 1, "idle_s": float("nan")}, "idle_s"),
        ("end", {"state": "bored"}, "bored"),
    ],
)
def test_what_no_client_may_say_is_refused_with_the_reason(tag, fields, says):
    with pytest.raises(wire.WireError, match=says):
        wire.decode(frame_with(tag, fields))


def test_too_many_steps_in_one_block_are_refused():
    n = wire.MAX_POINTS + 1
    block = {"steps": ints(*range(n)), "values": {"a": floats(*[0.0] * n)}}
    with pytest.raises(wire.WireError, match="50000"):
        wire.decode(frame_with("points", block))


@pytest.mark.parametrize("run_id", ["", "a" * 65, "../up", "a\n", "é"])
def test_an_id_that_could_be_a_path_is_refused(run_id):
    body = msgspec.msgpack.encode((run_id, "stream", 0, []))
    for read in (wire.decode, wire.identity):
        with pytest.raises(wire.WireError):
            read(framed(body))


@pytest.mark.parametrize("seq", [-1, 2**53, "0", None])
def test_a_number_that_is_none_is_refused(seq):
    with pytest.raises(wire.WireError):
        wire.decode(framed(msgspec.msgpack.encode(("run", "stream", seq, []))))


def test_another_version_and_an_endless_frame_are_refused_by_the_head():
    with pytest.raises(wire.WireError, match="version 2"):
        wire.frame_size(struct.pack("<4sHHII", b"NANW", 2, 0, 0, 0))
    with pytest.raises(wire.WireError, match="at most"):
        wire.frame_size(struct.pack("<4sHHII", b"NANW", 1, 0, wire.MAX_FRAME + 1, 0))


def test_unknown_fields_of_a_newer_client_are_passed_over():
    (event,) = wire.decode(frame_with("beat", {"step": 1, "idle_s": 0.5, "mood": "fine"})).events
    assert event == events.Heartbeat(1, 0.5)


def test_decode_wants_exactly_one_frame():
    raw = wire.encode(sample)
    for data in (b"", raw + raw):
        with pytest.raises(wire.WireError, match="expected one frame"):
            wire.decode(data)


def test_what_cannot_be_sent_is_refused_at_the_sender():
    frame = wire.Frame("r", "s", 0, (events.FactsLearned({"a": object()}),))
    with pytest.raises(NotImplementedError, match="cannot be sent"):
        wire.encode(frame)
