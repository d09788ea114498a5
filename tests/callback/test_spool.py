"""The spool: what is appended is there, in order, whatever happens to the process or the disk."""

import errno
import os
import stat
import subprocess
import sys

import numpy as np
import pytest

import spools
from disks import small_disk
from nanwatch import wire
from nanwatch.events import Diagnosed, Diagnosis, Gap, Heartbeat, Points, RunEnded, RunStarted
from nanwatch.spool import Spool, Stream, StreamBusyError, stored_streams
from spools import STARTED, at, filled, frames, gaps, reopened, segments, steps


def test_what_is_appended_is_taken_in_order_and_only_once(tmp_path):
    spool = filled(tmp_path, 5)
    first = frames(spool)
    assert [frame.seq for frame in first] == [0, 1, 2, 3, 4]
    assert first[0].events == (STARTED,)
    assert frames(spool) == []
    spool.append([at(5)])
    assert steps(frames(spool)) == [5]


def test_a_batch_keeps_within_its_size_but_holds_at_least_one_frame(tmp_path):
    spool = filled(tmp_path, 6)
    _introduction, (frame,) = spool.take(1), spool.take(1)
    assert len(spool.take(2 * len(frame.raw))) == 2


def test_another_process_finds_all_that_was_not_acknowledged(tmp_path):
    spool = filled(tmp_path, 10)
    spool.acknowledge(6)
    assert steps(frames(reopened(spool))) == [7, 8, 9]


def test_a_lost_cursor_only_means_sending_again(tmp_path):
    spool = filled(tmp_path, 4)
    spool.acknowledge(2)
    (spool.directory / "cursor").write_bytes(b"\xff garbage")
    assert steps(frames(reopened(spool))) == [1, 2, 3]


def test_rewinding_goes_back_to_what_the_server_expects(tmp_path):
    spool = filled(tmp_path, 6)
    frames(spool)
    spool.rewind(3)
    assert steps(frames(spool)) == [3, 4, 5]


def test_rewinding_before_what_is_deleted_brings_the_introduction_and_says_what_is_gone(tmp_path):
    spool = filled(tmp_path, 30, segment_bytes=300)
    frames(spool)
    spool.acknowledge(20)
    spool.rewind(0)
    found = frames(spool)
    assert found[0].events == (STARTED,)
    assert [frame.seq for frame in found] == list(range(30))
    assert steps(found)[-9:] == list(range(21, 30))


def test_acknowledged_segments_are_deleted(tmp_path):
    spool = filled(tmp_path, 60, segment_bytes=300)
    before = len(segments(spool))
    spool.acknowledge(50)
    assert len(segments(spool)) < before / 3
    assert steps(frames(reopened(spool))) == list(range(51, 60))


def test_a_delivered_stream_leaves_no_trace(tmp_path):
    spool = filled(tmp_path, 3)
    spool.acknowledge(2)
    spool.close(delivered=True)
    assert list(tmp_path.iterdir()) == []


def test_backlog_counts_what_the_server_lacks(tmp_path):
    spool = filled(tmp_path, 5)
    assert spool.backlog == 5
    spool.acknowledge(3)
    assert spool.backlog == 1


def test_files_are_closed_to_other_users(tmp_path):
    spool = filled(tmp_path / "home" / "spool", 3)
    spool.acknowledge(0)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in spool.directory.iterdir()}
    folders = [spool.directory, spool.directory.parent, tmp_path / "home" / "spool"]
    assert modes == {0o600}
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_a_stream_in_use_is_told_from_one_that_is_over(tmp_path):
    spool = filled(tmp_path, 2)
    assert stored_streams(tmp_path) == [spool.directory]
    with pytest.raises(StreamBusyError):
        Stream.open(spool.directory)
    assert steps(frames(reopened(spool))) == [1]


def test_the_lock_goes_with_its_process(tmp_path):
    code = (
        "import os, sys, pathlib, nanwatch.spool as s;"
        "from nanwatch.events import Heartbeat;"
        "s.Spool(pathlib.Path(sys.argv[1]), 'run', print).append([Heartbeat(1, 0.0)]);"
        "os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], check=False)
    assert done.returncode == -9
    (directory,) = stored_streams(tmp_path)
    assert frames(Stream.open(directory))[0].events == (Heartbeat(1, 0.0),)


def test_over_the_cap_the_oldest_points_go_and_a_gap_counts_them(tmp_path):
    spool = Spool(tmp_path, "run", pytest.fail, segment_bytes=2000, cap_bytes=20_000)
    spool.append([STARTED])
    found_early = Diagnosed(Diagnosis("nan_loss", "critical", 3))
    spool.append([at(0), found_early])
    for step in range(1, 100):
        spool.append([at(step * 100 + k) for k in range(5)])
    found = frames(spool)
    kept = steps(found)
    assert sum(path.stat().st_size for path in segments(spool)) < 25_000
    assert [frame.seq for frame in found] == list(range(101))
    assert found[0].events == (STARTED,)
    assert found_early in found[1].events
    assert kept[-5:] == [9900, 9901, 9902, 9903, 9904]
    assert sum(gap.n for gap in gaps(found)) == 496 - len(kept) > 0


def test_of_a_night_without_a_server_even_the_stand_ins_stay_within_the_cap(tmp_path):
    spool = Spool(tmp_path, "run", pytest.fail, segment_bytes=2000, cap_bytes=8000)
    spool.append([STARTED])
    for step in range(1, 1000):
        spool.append([at(step)])
    assert sum(path.stat().st_size for path in segments(spool)) < 12_000
    found = frames(spool)
    assert [frame.seq for frame in found] == list(range(1000))
    assert found[0].events == (STARTED,)
    assert steps(found)[-1] == 999
    assert sum(gap.n for gap in gaps(found)) == 999 - len(steps(found))


def test_a_segment_thinned_while_it_is_being_read_gives_nothing_twice(tmp_path):
    spool = Spool(tmp_path, "run", pytest.fail, segment_bytes=16_000, cap_bytes=60_000)
    taken = []
    for step in range(200):
        spool.append([at(step, f"batch/{k}") for k in range(20)])
        if step % 7 == 0:
            taken += spool.take(1)
    found = [wire.decode(record.raw) for record in taken] + frames(spool)
    assert [frame.seq for frame in found] == list(range(200))
    there, lost = steps(found), [gap.first_step for gap in gaps(found)]
    assert sorted([*there[::20], *lost]) == list(range(200))
    assert {gap.n for gap in gaps(found)} == {20}


def test_a_full_disk_sends_frames_to_memory_and_is_said_once(tmp_path, monkeypatch):
    said = []
    spool = filled(tmp_path, 3, warn=said.append)
    monkeypatch.setattr(os, "write", disk_that_is_full())
    for step in (3, 4, 5):
        spool.append([at(step)])
    monkeypatch.undo()
    spool.append([at(6)])
    assert steps(frames(spool)) == [1, 2, 3, 4, 5, 6]
    assert len(said) == 1
    assert "No space left" in said[0]


def disk_that_is_full():
    """os.write of a disk with room for ten more bytes: a torn write, then ENOSPC."""
    write, left = os.write, [10]

    def limited(descriptor, data):
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        room, left[0] = left[0], 0
        return write(descriptor, bytes(data)[:room])

    return limited


def test_after_a_full_disk_was_emptied_the_disk_is_used_again(tmp_path, monkeypatch):
    spool = filled(tmp_path, 3, warn=lambda _: None)
    monkeypatch.setattr(os, "write", disk_that_is_full())
    spool.append([at(3)])
    monkeypatch.undo()
    assert steps(frames(spool)) == [1, 2, 3]
    spool.acknowledge(3)
    spool.append([at(4)])
    assert steps(frames(reopened(spool))) == [4]


def test_what_a_full_disk_did_not_take_leaves_all_but_its_points(tmp_path, monkeypatch):
    spool = filled(tmp_path, 3, warn=lambda _: None)
    monkeypatch.setattr(os, "write", disk_that_is_full())
    spool.append([at(3), at(4)])
    spool.append([at(5), RunEnded("failed", "why")])
    monkeypatch.undo()
    found = frames(reopened(spool))
    assert [frame.seq for frame in found] == [0, 1, 2, 3, 4]
    assert gaps(found) == [Gap(2, 3, 4), Gap(1, 5, 5)]
    assert found[-1].events[0] == RunEnded("failed", "why")


def test_room_for_the_last_words_is_kept_free_and_given_back(tmp_path):
    spool = filled(tmp_path, 3)
    reserve = spool.directory / "reserve"
    assert reserve.stat().st_blocks * 512 >= 64 * 1024
    spool.close(delivered=False)
    assert not reserve.exists()


def test_an_introduction_that_is_not_this_streams_is_not_taken_for_it(tmp_path):
    spool = filled(tmp_path, 3)
    second = spool.take(1 << 20)[1].raw
    spool.close(delivered=False)
    (spool.directory / "introduction").write_bytes(second)
    assert Stream.open(spool.directory).introduction() is None


def test_memory_is_bounded_and_says_what_it_lost(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder can be made here")
    said = []
    spool = Spool(blocked / "spool", "run", said.append, memory_bytes=2000)
    spool.append([STARTED])
    for step in range(1, 100):
        spool.append([at(step)])
    found = frames(spool)
    assert len(said) == 1
    assert [frame.seq for frame in found] == list(range(100))
    assert found[0].events[0] == STARTED
    assert steps(found)[-1] == 99
    assert len(steps(found)) < 30


def test_a_file_size_limit_of_the_system_is_a_full_disk(tmp_path):
    code = (
        "import pathlib, resource, sys; sys.path.insert(0, sys.argv[2]);"
        "import spools as t;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000));"
        "said = [];"
        "spool = t.filled(pathlib.Path(sys.argv[1]), 60, warn=said.append);"
        "print(t.steps(t.frames(spool)) == list(range(1, 60)), len(said))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path, os.path.dirname(spools.__file__)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "True 1\n"


def test_what_cannot_be_sent_takes_no_number(tmp_path):
    spool = filled(tmp_path, 2)
    with pytest.raises(NotImplementedError):
        spool.append([object_in_config()])
    spool.append([at(2)])
    assert [frame.seq for frame in frames(spool)] == [0, 1, 2]


def object_in_config():
    return RunStarted("a", "b", config={"x": object()})


def test_a_refused_frame_is_kept_beside_the_stream(tmp_path):
    spool = filled(tmp_path, 2)
    (_, second) = spool.take(1 << 20)
    folder = spool.set_aside(second)
    spool.acknowledge(1)
    spool.close(delivered=True)
    assert (folder / "000000000001.frame").read_bytes() == second.raw
    assert stored_streams(tmp_path) == []


def test_a_disk_that_is_really_full_costs_no_more_than_what_it_did_not_take(tmp_path):
    words = []
    many = [Points(np.arange(2000), {"batch/loss": np.random.rand(2000)}) for _ in range(59)]
    with small_disk(tmp_path / "disk", 1) as disk:
        spool = Spool(disk / "spool", "run1", words.append)
        for event in (STARTED, *many):
            spool.append([event])
        in_memory = spool.only_in_memory
        taken = [record.seq for _ in range(60) for record in spool.take(1)]
        spool.close(delivered=False)
    assert [word.count("No space left on device") for word in words] == [1]
    assert 0 < in_memory < 60
    assert taken == list(range(60))
