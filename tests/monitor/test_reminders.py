"""What nobody takes up is told once more: seldom, in one message, and not for ever."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from monitor.alerting import Post, Runs, webhook
from monitor.sinks import sink
from nanwatch_monitor.store import Store

HOUR, STEP = 3600, 600


@pytest.fixture
def runs(store, clock):
    return Runs(store, clock)


@pytest.fixture
def told(store, clock):
    """Lets hours pass; the types and sizes of what was told meanwhile."""
    with sink() as receiver:
        post = Post(store, clock, webhook(receiver.url))

        def after(hours):
            receiver.received.clear()
            for _ in range(int(hours * HOUR / STEP)):
                store.reminders.tell(clock())
                post.goes(STEP, step=STEP)
            return [
                (one["type"].removeprefix("alert."), one["n_alerts"]) for one in receiver.received
            ]

        yield after


def test_an_open_alert_is_told_again_every_four_hours_for_a_week(runs, told):
    runs.fails()
    assert told(4) == [("firing", 1)]
    assert told(0.5) == [("reminder", 1)]
    assert told(9) == [("reminder", 1)] * 2
    assert len(told(24 * 7)) > 30
    assert told(24) == []


@pytest.mark.parametrize("deed", ["acknowledge", "resolve", "mute"])
def test_what_somebody_has_taken_up_is_not_told_again(runs, store, clock, told, deed):
    alert_id = runs.fails()
    told(1)
    getattr(store.alerts, deed)(alert_id, clock() if deed != "mute" else None)
    assert told(9) == []


def test_what_is_due_soon_goes_with_it(runs, told):
    for n in range(3):
        runs.fails(f"run{n}", f"project{n}", symptom="overfit", severity="warning")
        told(0.5)
    assert told(3) == [("reminder", 3)]
    assert told(3) == []


def test_what_a_graver_one_says_is_not_told_again(runs, store, clock, told):
    explosion = runs.fails(symptom="exploding_loss")
    told(0.5)
    nan = runs.fails(symptom="nan_loss")
    store.alerts.reopen(explosion)
    assert told(9) == [("worse", 1), ("reminder", 1), ("reminder", 1)]
    assert store.reminders.tell(clock() + 4 * HOUR) == [nan]


def test_a_receiver_that_was_down_is_not_reminded_before_it_has_heard(runs, store, clock):
    runs.fails()
    with sink(500) as receiver:
        Post(store, clock, webhook(receiver.url)).goes(2)
        clock.now += 5 * HOUR
        assert store.reminders.tell(clock()) == []
    assert {one["type"] for one in receiver.received} == {"alert.firing"}


def test_of_two_servers_one_reminds(database_url, store, clock, runs):
    if store.database.is_sqlite:  # one server alone has the file
        return
    for n in range(20):
        runs.fails(f"run{n}")
    other = Store.open(database_url, channels=("env-webhook",))
    with sink() as receiver, ThreadPoolExecutor(2) as both:
        post = Post(store, clock, webhook(receiver.url))
        for _ in range(5):
            post.goes(40, step=10)
            clock.now += 4 * HOUR
            told = both.map(lambda server: len(server.reminders.tell(clock())), (store, other))
            assert sorted(told) == [0, 20]
    other.close()
