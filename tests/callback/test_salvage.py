"""Damage in a spool costs what it touches; it is kept aside and told, and nothing else is lost."""

from hypothesis import given, settings
from hypothesis import strategies as st

from nanwatch import wire
from nanwatch.events import Gap, RunStarted
from nanwatch.spool import Stream
from spools import STARTED, filled, frames, gaps, reopened, segments, steps


@given(data=st.data())
@settings(max_examples=120, deadline=None)
def test_one_flipped_byte_costs_one_frame_and_is_kept_aside(tmp_path_factory, data):
    spool = filled(tmp_path_factory.mktemp("spool"), 9)
    spool.close(delivered=False)
    (path,) = segments(spool)
    raw = bytearray(path.read_bytes())
    where = data.draw(st.integers(0, len(raw) - 1))
    raw[where] ^= data.draw(st.integers(1, 255))
    path.write_bytes(raw)
    stream = Stream.open(spool.directory)
    found = frames(stream)
    stream.close(delivered=False)
    assert len(steps(found)) >= 7
    assert [frame.seq for frame in found] == list(range(len(found)))
    assert found[0].events[0] == STARTED


def test_a_damaged_record_in_the_middle_leaves_its_bytes_and_a_gap(tmp_path):
    spool = filled(tmp_path, 6)
    spool.close(delivered=False)
    (path,) = segments(spool)
    raw = path.read_bytes()
    third = [wire.encode(frame) for frame in wire_frames(raw)][3]
    path.write_bytes(raw.replace(third, b"\0" * len(third)))
    stream = Stream.open(spool.directory)
    found = frames(stream)
    assert steps(found) == [1, 2, 4, 5]
    assert gaps(found) == [Gap(1, 3, 3)]
    assert [p.read_bytes() for p in spool.directory.glob("*.bad")] == [b"\0" * len(third)]


def wire_frames(raw):
    return [frame for frame, _ in wire.decode_all(raw)]


def test_truncated_at_each_offset_of_the_last_record_the_others_are_there(tmp_path):
    spool = filled(tmp_path, 4)
    spool.close(delivered=False)
    (path,) = segments(spool)
    raw = path.read_bytes()
    last = len(wire.encode(wire_frames(raw)[-1]))
    for cut in range(1, last + 1):
        path.write_bytes(raw[:-cut])
        stream = Stream.open(spool.directory)
        assert steps(frames(stream)) == [1, 2]
        stream.close(delivered=False)
    assert not list(spool.directory.glob("*.bad"))


def test_a_lost_first_segment_leaves_a_run_that_can_still_be_introduced(tmp_path):
    spool = filled(tmp_path, 30, segment_bytes=300)
    segments(spool)[0].unlink()
    (spool.directory / "introduction").write_bytes(b"damaged as well")
    found = frames(reopened(spool))
    assert found[0].events[0] == RunStarted("run", "default", resumes=True)
    assert steps(found)[-1] == 29


def test_alien_files_in_the_folder_are_passed_over(tmp_path):
    spool = filled(tmp_path, 3)
    for name in ("notes.seg", "x.tmp", "000000000001.seg.tmp"):
        (spool.directory / name).write_bytes(b"what is this")
    assert steps(frames(reopened(spool))) == [1, 2]
