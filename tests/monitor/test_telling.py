"""What is put into the outbox: the first word, graver ones, and nothing that was not wanted."""

import pytest

from monitor.alerting import Post, Runs, webhook
from monitor.sinks import sink
from nanwatch_monitor.alerts.settings import ChannelSettings
from nanwatch_monitor.store.alerts import Mute


@pytest.fixture
def runs(store, clock):
    return Runs(store, clock)


@pytest.fixture
def told(store, clock):
    """Delivers for some seconds; what the receiver got, as type and symptoms."""
    with sink() as receiver:
        post = Post(store, clock, webhook(receiver.url))

        def after(seconds=40):
            post.goes(seconds, step=5)
            found = [
                (one["type"].removeprefix("alert."), *(alert["symptom"] for alert in one["alerts"]))
                for one in receiver.received
            ]
            receiver.received.clear()
            return found

        yield after


def test_a_graver_word_is_told_and_opens_what_was_resolved(runs, store, clock, told):
    alert_id = runs.fails(severity="warning")
    assert told() == [("firing", "nan_loss")]
    store.alerts.resolve(alert_id, clock())
    runs.fails(severity="critical")
    assert told() == [("worse", "nan_loss")]
    assert store.incidents.some([alert_id])[0].standing.state == "open"


def test_what_becomes_graver_before_it_was_told_is_told_once_and_sooner(runs, told):
    runs.fails(severity="warning")
    runs.fails(severity="critical")
    assert told(5) == [("firing", "nan_loss")]
    assert told() == []


def test_nan_says_it_all(runs, told):
    runs.fails(symptom="exploding_loss")
    runs.fails(symptom="nan_loss")
    runs.fails(symptom="loss_stuck", severity="warning")
    runs.fails(symptom="overfit", severity="warning")
    assert told() == [("firing", "nan_loss"), ("firing", "overfit")]


def test_an_explosion_that_ends_in_nan_within_seconds_is_one_message(runs, clock, told):
    runs.fails(symptom="exploding_loss")
    assert told(0) == []
    clock.now += 4.0
    assert told(0) == []
    runs.fails(symptom="nan_loss")
    assert told() == [("firing", "nan_loss")]


def test_what_is_over_is_told_to_those_who_have_heard_of_it(runs, store, clock, told):
    alert_id = runs.fails(symptom="exploding_loss")
    assert told() == [("firing", "exploding_loss")]
    with sink() as later:
        store.channels.add(ChannelSettings("new", "webhook", "Later", later.url), clock())
        store.turns.calm(alert_id, "It is calm.", clock())
        assert told() == [("resolved", "exploding_loss")]
    assert later.received == []


def test_an_explosion_that_was_told_grows_worse(runs, store, told):
    explosion = runs.fails(symptom="exploding_loss")
    assert told() == [("firing", "exploding_loss")]
    runs.fails(symptom="nan_loss")
    assert told() == [("worse", "nan_loss")]
    standing = store.incidents.some([explosion])[0].standing
    assert (standing.state, "NaN" in standing.note) == ("resolved", True)
    assert store.turns.calmed("exploding_loss", 9) == []  # nothing flares up beside a NaN


def test_what_is_calm_and_bad_again_before_it_was_told_is_told_as_bad(runs, store, clock, told):
    alert_id = runs.fails(symptom="exploding_loss")
    assert told() == [("firing", "exploding_loss")]
    store.turns.calm(alert_id, "It is calm.", clock())
    store.turns.flare(alert_id, "It is back.", clock())
    assert told() == [("flapping", "exploding_loss")]


def test_nan_of_another_run_holds_nothing_back(runs, told):
    runs.fails("run1", symptom="nan_loss")
    runs.fails("run2", symptom="exploding_loss")
    assert told() == [("firing", "nan_loss"), ("firing", "exploding_loss")]


def test_one_group_is_one_message(runs, told):
    for n in range(3):
        runs.fails(f"run{n}")
    assert told() == [("firing", "nan_loss", "nan_loss", "nan_loss")]


def test_what_is_muted_or_done_with_before_it_was_told_is_not_told(runs, store, clock, told):
    store.alerts.mute(runs.fails("run1", "zoo"), None)
    store.alerts.resolve(runs.fails("run2", "park"), clock())
    assert told() == []


def test_muted_until_worse_ends_when_it_is_worse(runs, store, told):
    store.alerts.mute(runs.fails(severity="warning"), None)
    runs.fails(severity="critical")
    assert told() == [("worse", "nan_loss")]


def test_a_mute_holds_back_what_comes_and_what_waits(runs, store, clock, told):
    runs.fails("run1")
    store.alerts.add_mute(Mute(0, None, "zoo", None, clock() + 3600, ""), clock())
    runs.fails("run2")
    runs.fails("run3", "park")
    assert told() == [("firing", "nan_loss")]
    clock.now += 3600
    store.alerts.unmute_expired(clock())
    assert told() == []
    runs.fails("run4")
    assert told() == [("firing", "nan_loss")]
