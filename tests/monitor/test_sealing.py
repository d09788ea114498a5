"""Frames become chunks behind everybody's back: the same points, the same verdicts, less room."""

import math
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from frames import frame, opening, points
from nanwatch import wire
from nanwatch.events import FactsLearned, Gap, Heartbeat, RunEnded
from nanwatch.lasting_watcher import LastingWatcher
from nanwatch_monitor.brains import woken
from nanwatch_monitor.series.reader import SeriesReader
from nanwatch_monitor.series.sealer import seal
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.series import MANY_FRAMES, SETTLED_S
from nanwatch_monitor.watch import Watch
from servers import wait_for

NAME = "batch/loss"
LONG = 2 * MANY_FRAMES


def append(store, *frames):
    return store.log.append([(frame, wire.encode(frame)) for frame in frames], now=1000.0)


def losses(begin, end, value=lambda step: 1.0 + 0.1 * (step % 7)):
    """A frame for each step; frame k says step k - 1."""
    return [frame(step + 1, points([step], batch_loss=[value(step)])) for step in range(begin, end)]


def open_frames(store):
    with store.database.read() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM batch").scalar()


def rows_of(store, table):
    with store.database.read() as connection:
        return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()  # noqa: S608


def steps(store):
    return SeriesReader(store.series).points("run1", NAME, None, None, 50_000).steps.tolist()


def found(store):
    return [(i.diagnosis.symptom, i.diagnosis.first_step) for i in store.incidents.of_run("run1")]


@pytest.fixture
def watch(store):
    """Starts watches, one after the other; the last one ends with the test."""
    running = []

    def start(now=1000.0):
        if running:
            running.pop().stop()
        running.append(Watch(store, LastingWatcher, lambda _changed: None, lambda: now))
        running[-1].start()
        return running[-1]

    yield start
    running.pop().stop()


def test_a_long_stream_is_sealed_while_it_runs(store, watch):
    append(store, opening(), *losses(0, LONG))
    watch()
    wait_for(lambda: open_frames(store) < MANY_FRAMES)
    assert steps(store) == list(range(LONG))


def test_what_an_older_version_left_judged_is_sealed(store, watch):
    append(store, opening(), *losses(0, LONG, lambda _step: math.nan))
    with store.database.write() as connection:
        connection.exec_driver_sql("UPDATE stream SET watched_seq = last_seq")
    watch()
    wait_for(lambda: open_frames(store) == 0)
    assert (steps(store), found(store)) == (list(range(LONG)), [])


def test_a_run_that_is_over_is_sealed_whole(store, watch):
    append(store, opening(), *losses(0, 9), frame(10, RunEnded("finished")))
    watch(now=1000.0 + SETTLED_S)
    wait_for(lambda: open_frames(store) == 0)
    assert steps(store) == list(range(9))
    assert store.log.head(1).watched_seq == 10


def test_a_run_that_goes_on_after_its_end_grows(store, watch):
    append(store, opening(), *losses(0, 9), frame(10, RunEnded("finished")))
    watch(now=1000.0 + SETTLED_S)
    wait_for(lambda: open_frames(store) == 0)
    append(store, frame(11, points([9, 10], batch_loss=[1, math.nan])))
    watch(now=1000.0)
    wait_for(lambda: found(store) == [("nan_loss", 10)])
    assert steps(store) == list(range(11))


def test_what_arrives_again_after_sealing_is_acknowledged_and_not_stored(store):
    sent = [opening(), *losses(0, 5)]
    append(store, *sent)
    assert seal(store.series, 1, 5, b"")
    receipt = append(store, *sent)
    assert (receipt.acked, receipt.duplicates, receipt.fresh) == (5, 6, ())
    assert (open_frames(store), steps(store)) == (0, [0, 1, 2, 3, 4])


def exploding(step):
    return 1.0 + 0.1 * (step % 7) if step < LONG else 1e4 * (1 + step - LONG)


def test_a_brain_that_wakes_up_knows_what_was_sealed(store, watch):
    append(store, opening(), *losses(0, LONG))
    watch()
    wait_for(lambda: open_frames(store) < MANY_FRAMES)
    restarted = watch()
    append(store, *losses(LONG, LONG + 40, exploding))
    restarted.mark(1)
    wait_for(lambda: found(store) == [("exploding_loss", LONG)])


def test_a_symptom_that_was_sealed_is_not_found_anew(store, watch):
    append(store, opening(), *losses(0, 5), frame(6, points([5], batch_loss=[math.nan])))
    watch()
    wait_for(lambda: found(store))
    append(store, frame(7, RunEnded("finished")))
    watch(now=1000.0 + SETTLED_S)
    wait_for(lambda: open_frames(store) == 0)
    append(store, frame(8, points([6], batch_loss=[math.nan])))
    last = watch()
    wait_for(lambda: last.judged(1) == 8)
    last.stop()  # what it found is recorded
    assert found(store) == [("nan_loss", 5)]


def test_what_was_said_beside_points_is_kept(store):
    said = [FactsLearned({"loss": "mse"}), Heartbeat(3, 0.0), Gap(4, 1, 2)]
    append(store, opening(facts={"epochs": 3}), frame(1, *said, points([0], batch_loss=[1])))
    seal(store.series, 1, 1, b"of another version")
    brain = woken(store.series, 1, LastingWatcher()).brain
    assert brain.facts == {"epochs": 3, "loss": "mse"}
    assert rows_of(store, "remark") == 2


def test_of_two_that_seal_the_same_one_does(store):
    append(store, opening(), *losses(0, 5))
    assert seal(store.series, 1, 3, b"")
    assert not seal(store.series, 1, 3, b"")
    assert seal(store.series, 1, 5, b"")
    assert steps(store) == [0, 1, 2, 3, 4]


def seal_until(store, done):
    while not done.is_set():
        seal(store.series, 1, store.log.head(1).last_seq, b"")


def test_frames_come_in_while_others_are_sealed(store):
    append(store, opening())
    done = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        sealing = pool.submit(seal_until, store, done)
        for sent in losses(0, 150):
            append(store, sent)
        done.set()
        sealing.result()
    assert steps(store) == list(range(150))


def look_until(store, acked, done):
    """Read again and again: whatever was acknowledged is there, and nothing is there in part."""
    while not done.is_set():
        least = acked[0]
        found = steps(store)
        assert found == list(range(len(found)))
        assert len(found) >= least


def test_who_reads_while_frames_come_in_and_are_sealed_sees_all_up_to_some_moment(store):
    append(store, opening(), *losses(0, 1))
    acked, done = [1], threading.Event()
    with ThreadPoolExecutor(3) as pool:
        at_work = [pool.submit(look_until, store, acked, done) for _ in range(2)]
        at_work.append(pool.submit(seal_until, store, done))
        for step in range(1, 150):
            append(store, *losses(step, step + 1))
            acked[0] = step + 1
        done.set()
        for one in at_work:
            one.result()


def test_a_step_that_goes_back_begins_another_lane(store):
    append(store, opening(), frame(1, points([5, 6, 7], batch_loss=[1, 2, 3])))
    seal(store.series, 1, 1, b"")
    append(store, frame(2, points([6], batch_loss=[9])), frame(3, points([8], batch_loss=[4])))
    seal(store.series, 1, 3, b"")
    curve = SeriesReader(store.series).points("run1", NAME, None, None, 9)
    assert (curve.steps.tolist(), curve.values.tolist()) == ([5, 6, 7, 8], [1, 9, 3, 4])
    assert rows_of(store, "series") == 2


def test_what_is_sealed_goes_with_its_stream(store):
    append(store, opening(), frame(1, points(range(5000), batch_loss=[math.nan] * 5000)))
    seal(store.series, 1, 1, b"")
    assert rows_of(store, "node") == 3
    with store.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM stream")
    assert [rows_of(store, name) for name in ("series", "node", "remark", "memory")] == [0] * 4


def test_sealed_points_outlive_the_process(store, database_url):
    append(store, opening(), frame(1, points(range(5000), batch_loss=range(5000))))
    seal(store.series, 1, 1, b"")
    store.close()
    again = Store.open(database_url)
    assert steps(again) == list(range(5000))
    again.close()


def test_a_reader_sees_one_moment(store):
    append(store, opening(), *losses(0, 5))
    with store.series.snapshot() as snapshot:
        (stream,) = snapshot.streams("run1")
        assert seal(store.series, 1, 5, b"")
        assert len(snapshot.open_frames(stream)) == 6
        assert snapshot.series(1) == []
