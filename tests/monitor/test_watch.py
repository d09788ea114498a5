"""Every stream is watched, whatever happens to the server in between."""

import math

import pytest

from frames import frame, opening, points
from nanwatch import wire
from nanwatch.events import Cause, Diagnosed, Diagnosis, RunEnded
from nanwatch.lasting_watcher import LastingWatcher
from nanwatch_monitor.store import Store
from nanwatch_monitor.watch import Watch
from servers import wait_for

NAN_STEP = 12


def append(store, *frames):
    return store.log.append([(frame, wire.encode(frame)) for frame in frames], now=1000.0)


def broken_run(stream="stream1"):
    """Frames of a run whose loss turns NaN."""
    values = [1.0 / (1 + step) if step < NAN_STEP else math.nan for step in range(20)]
    loss = [
        frame(step + 1, points([step], batch_loss=[values[step]]), stream=stream)
        for step in range(20)
    ]
    return [opening(stream=stream), *loss]


@pytest.fixture
def watched(store):
    """Starts watches over the store; they end with the test."""
    running = []

    def start(make_brain=LastingWatcher, store=store):
        told = []
        running.append(Watch(store, make_brain, told.extend, lambda: 1000.0))
        running[-1].start()
        return running[-1], told

    yield start
    for watch in running:
        watch.stop()


def found(store):
    return [(i.diagnosis.symptom, i.diagnosis.first_step) for i in store.incidents.of_run("run1")]


def test_a_nan_is_found_at_its_very_step(store, watched):
    append(store, *broken_run())
    _, told = watched()
    wait_for(lambda: told)
    assert found(store) == [("nan_loss", NAN_STEP)]
    assert told[0].source == "server"


def test_what_comes_later_is_judged_with_what_came_before(store, watched):
    watch, told = watched()
    for sent in broken_run():
        append(store, sent)
        watch.mark(1)
    wait_for(lambda: told)
    assert found(store) == [("nan_loss", NAN_STEP)]


def test_all_is_judged_of_what_is_told_while_it_judges(store, watched):
    watch, told = watched()
    for sent in broken_run():
        watch.committed("run1", append(store, sent))
    wait_for(lambda: told)
    assert found(store) == [("nan_loss", NAN_STEP)]
    wait_for(lambda: watch.backlog() == 0)


def test_a_restart_in_the_middle_opens_nothing_twice(store, watched):
    frames = broken_run()
    append(store, *frames[:15])
    first, told = watched()
    wait_for(lambda: told)
    first.stop()
    append(store, *frames[15:], frame(21, Diagnosed(other())))
    _, told_again = watched()
    wait_for(lambda: told_again)
    assert found(store) == [("nan_loss", NAN_STEP), ("overfit", 3)]
    assert len(told_again) == 1


def other():
    return Diagnosis("overfit", "warning", 3, (Cause("unknown", 0.5, "It learns by heart."),))


def test_the_word_of_the_training_process_is_taken(store, watched):
    append(store, *broken_run())
    watch, told = watched()
    wait_for(lambda: told)
    better = Diagnosis("nan_loss", "critical", NAN_STEP, (Cause("nan_in_features", 0.9, "Rows."),))
    append(store, frame(21, Diagnosed(better)))
    watch.mark(1)
    wait_for(lambda: len(told) == 2)
    (incident,) = store.incidents.of_run("run1")
    assert (incident.source, incident.diagnosis.label) == ("client", "nan_in_features")


class Stumbling:
    """A brain with a rule that fails."""

    def feed(self, _event):
        raise ZeroDivisionError


def test_a_rule_that_fails_does_not_end_the_watch(store, watched, caplog):
    append(store, opening(), frame(1, Diagnosed(other())))
    _, told = watched(Stumbling)
    wait_for(lambda: told)
    assert found(store) == [("overfit", 3)]
    assert "a rule failed" in caplog.text


def test_of_two_servers_one_judges_a_stream_and_the_other_takes_over(postgres, watched):
    url = postgres.new_database()
    stores = [Store.open(url), Store.open(url)]
    (first, _), (second, told) = [watched(store=store) for store in stores]
    append(stores[0], *broken_run()[:5])
    first.mark(1)
    wait_for(lambda: first.judged(1) == 4)
    append(stores[0], *broken_run()[5:])
    second.look_around()
    first.stop()
    assert second.judged(1) == -1
    wait_for(second.look_around)
    wait_for(lambda: told)
    assert found(stores[1]) == [("nan_loss", NAN_STEP)]
    second.stop()
    for store in stores:
        store.close()


def test_a_stream_that_has_ended_is_let_go(store, watched):
    append(store, opening(), frame(1, points([0], batch_loss=[1])), frame(2, RunEnded("finished")))
    watch, _ = watched()
    wait_for(lambda: store.log.head(1).watched_seq == 2)
    wait_for(lambda: watch.judged(1) == -1)
    assert store.log.unwatched() == []
