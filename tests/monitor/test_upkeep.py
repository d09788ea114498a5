"""Explosions calm down, silent runs come back, mutes end: by time alone, and told with measure."""

import pytest

from frames import frame, opening, points
from monitor.alerting import Post, Runs, webhook
from monitor.sinks import sink
from nanwatch import wire
from nanwatch.events import CLOCK_FACT, Diagnosis, FactsLearned, Heartbeat, RunEnded
from nanwatch.lasting_watcher import LastingWatcher
from nanwatch_monitor.alerts.upkeep import Upkeep
from nanwatch_monitor.brains import Watched
from nanwatch_monitor.incidents import Finding
from nanwatch_monitor.run_states import Deafness
from nanwatch_monitor.series.reader import SeriesReader
from nanwatch_monitor.store.alerts import AlertQuery
from nanwatch_monitor.views import RunViews


class Training:
    """A run that reports losses, or nothing."""

    def __init__(self, store, clock):
        self._store, self._clock, self._seq = store, clock, 0
        self.step = 0
        self.stream_id = self.send(opening()).stream_id

    def send(self, *sent):
        return self._store.log.append([(one, wire.encode(one)) for one in sent], self._clock())

    def says(self, event):
        self._seq += 1
        self.send(frame(self._seq, event))

    def loses(self, loss, n=50):
        self.says(points(range(self.step, self.step + n), batch_loss=[loss] * n))
        self.step += n

    def explodes(self):
        self.loses(1.0)
        self.loses(100.0)
        finding = Finding(Diagnosis("exploding_loss", "critical", 50), "server")
        self._store.incidents.record(self.stream_id, (-1, 0), [finding], self._clock())


@pytest.fixture
def training(store, clock):
    return Training(store, clock)


@pytest.fixture
def upkeep(store, clock):
    views = RunViews(store, Deafness(0.0, 0.0))
    return Upkeep(views, SeriesReader(store.series), list, clock)


@pytest.fixture
def receiver():
    with sink() as receiver:
        yield receiver


@pytest.fixture
def passes(store, clock, upkeep, receiver):
    """Lets time pass: upkeep every ten seconds, delivery every second."""
    post = Post(store, clock, webhook(receiver.url))

    def run(seconds, meanwhile=lambda: None):
        for _ in range(0, int(seconds), 10):
            meanwhile()
            upkeep.look()
            post.goes(10, step=10)

    return run


def alert(store):
    (found,) = store.alerts.matching(AlertQuery())
    return found


def types(receiver):
    return [told["type"].removeprefix("alert.") for told in receiver.received]


def test_an_explosion_that_calms_resolves_with_a_note_and_its_return_is_told(
    training, store, passes, receiver
):
    training.explodes()
    passes(60)
    passes(120, lambda: training.loses(1.5))
    assert alert(store).standing.state == "resolved"
    assert "1.5 times what it was" in alert(store).standing.note
    passes(700, lambda: training.loses(1.5))
    passes(20, lambda: training.loses(50.0))
    assert alert(store).standing.state == "open"
    assert types(receiver) == ["firing", "resolved", "again"]


def test_a_loss_that_swings_and_swings_makes_three_messages(training, store, passes, receiver):
    training.explodes()
    for _ in range(8):
        passes(80, lambda: training.loses(1.0))
        passes(10, lambda: training.loses(100.0))
    assert types(receiver) == ["firing", "resolved", "flapping"]


def test_a_run_that_stands_still_is_not_calm(training, store, passes):
    training.explodes()
    training.loses(1.0)
    passes(300)
    assert alert(store).standing.state == "open"


def test_nan_does_not_calm(store, clock, upkeep):
    Runs(store, clock).fails()
    clock.now += 86400
    upkeep.look()
    assert alert(store).standing.state == "open"


def test_a_lost_run_is_told_and_so_is_its_return(training, store, passes, receiver):
    training.loses(1.0)
    passes(400)
    assert types(receiver) == ["firing"]
    told = receiver.received[0]
    assert (told["symptom"], told["severity"]) == ("lost", "warning")
    assert told["note"].startswith("No contact since")
    passes(60, lambda: training.loses(1.0))
    assert types(receiver) == ["firing", "correction"]
    assert alert(store).standing.note == "It is running again, at step 99."


def test_what_a_server_could_not_hear_while_it_was_down_is_not_lost(training, store, clock):
    training.loses(1.0)
    down = Deafness(clock(), clock() + 3600)
    upkeep = Upkeep(RunViews(store, down), SeriesReader(store.series), list, clock)
    for waits, alerts in ((3600, 0), (290, 0), (20, 1)):
        clock.now += waits
        upkeep.look()
        assert len(store.alerts.matching(AlertQuery())) == alerts


def test_a_hung_run_is_told_and_so_is_its_end(training, store, passes, receiver):
    training.loses(1.0)
    passes(60, lambda: training.says(Heartbeat(49, 3600.0, 60.0)))
    assert types(receiver) == ["firing"]
    assert receiver.received[0]["symptom"] == "hung"
    training.says(RunEnded("failed"))
    passes(60)
    assert types(receiver) == ["firing", "correction"]
    assert store.incidents.of_run("run1") == []  # nothing was diagnosed


def test_a_run_that_ended_or_was_lost_long_ago_is_no_news(training, clock, upkeep, store):
    clock.now += 7200
    upkeep.look()
    assert store.alerts.matching(AlertQuery()) == []


def test_what_is_delivered_long_after_its_end_is_gathered(training, store, clock, passes, receiver):
    training.says(RunEnded("failed", ended_at=clock() - 3600))
    for n, symptom in enumerate(("nan_loss", "overfit")):
        finding = Finding(Diagnosis(symptom, "critical", 1), "server")
        store.incidents.record(training.stream_id, (n - 1, n), [finding], clock())
    passes(20)
    assert receiver.received == []
    passes(30)
    assert [told["n_alerts"] for told in receiver.received] == [2]


def fails_at(begun, training, store, clock):
    """A training whose loss is NaN at a moment by its own clock, and of which no more comes."""
    losses = points(range(3), batch_loss=[1.0, 0.9, float("nan")], time=[begun, begun, begun + 1])
    training.says(losses)
    frames = store.log.frames(training.stream_id, after=-1)
    watched = Watched(training.stream_id, "s1", LastingWatcher(), -1, -1, -1)
    findings = watched.feed(frames)
    store.incidents.record(training.stream_id, (-1, frames[-1].seq), findings, clock())


def test_a_training_killed_long_ago_is_told_late_and_gathered(
    training, store, clock, passes, receiver
):
    fails_at(clock() - 3600, training, store, clock)
    passes(20)
    assert receiver.received == []
    passes(400)
    told = [(told["type"], told["symptom"]) for told in receiver.received]
    assert told == [("alert.late", "nan_loss"), ("alert.late", "lost")]
    assert receiver.received[1]["note"].startswith("It was delivered late. It made its last step")


def test_a_clock_that_is_known_to_be_an_hour_behind_makes_no_alert_late(
    training, store, clock, passes, receiver
):
    training.says(FactsLearned({CLOCK_FACT: -3600}))
    fails_at(clock() - 3600, training, store, clock)
    passes(20)
    assert types(receiver) == ["firing"]


def test_a_training_that_runs_is_told_at_once(training, store, clock, passes, receiver):
    training.says(points([0], time=[clock() - 3600.0]))
    training.says(points([1, 2], batch_loss=[1.0, 1.0], time=[clock() - 1, clock()]))
    passes(400)
    assert types(receiver) == ["firing"]


def test_what_nobody_takes_up_is_told_again(store, clock, upkeep):
    Runs(store, clock).fails()
    store.outbox.claim("env-webhook", clock() + 2)
    store.outbox.give_up("env-webhook", "gone")
    clock.now += 4 * 3600 + 2
    upkeep.look()
    assert store.outbox.counts()["waiting"] == 1


def test_a_mute_ends_by_itself(store, clock, upkeep):
    alert_id = Runs(store, clock).fails()
    store.alerts.mute(alert_id, clock() + 60)
    clock.now += 61
    upkeep.look()
    assert not alert(store).standing.muted
