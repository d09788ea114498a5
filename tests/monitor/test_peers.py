"""Several servers on one PostgreSQL are one to those who look."""

import math

import pytest
from sqlalchemy import text

from frames import frame, opening, points
from monitor.test_live import events_until
from nanwatch.events import RunEnded
from nanwatch_monitor import peers
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.notices import MAX_WORDS, Notices
from servers import wait_for

END_ALL_SESSIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def pair(start_server, postgres):
    """Two servers on one database."""
    url = postgres.new_database()
    return [start_server(database_url=url) for _ in range(2)]


def loss(seq, value, **more):
    return frame(seq, points([seq - 1], batch_loss=[value]), **more)


def test_a_page_sees_what_another_server_took_in(pair, monkeypatch):
    monkeypatch.setattr(peers, "LOOK_AROUND_S", 3600.0)  # who is slow to judge is not dead
    here, there = pair
    answer = here.client.open_stream("?run=run1")
    wait_for(lambda: here.monitor.hub.viewers)
    there.client.send(opening(), loss(1, 0.5))
    there.client.send(loss(2, math.nan))
    found = events_until(answer, "alert")
    values = [
        v
        for event, data in found
        if event == "points"
        for v in data["series"]["batch/loss"]["values"]
    ]
    assert values == [0.5, "NaN"]
    # News of the run come at their own pace, before the alert or after it: see the next test.
    assert {event for event, _ in found} - {"run"} == {"points", "diagnosis", "alert"}
    assert len(here.client.get("/alerts")["alerts"]) == 1


def test_a_list_hears_of_runs_at_other_servers(pair):
    here, there = pair
    answer = here.client.open_stream()
    wait_for(lambda: here.monitor.hub.viewers)
    there.client.send(opening(), frame(1, RunEnded("finished")))
    events_until(answer, "run", state="finished")


def test_a_list_hears_of_runs_deleted_at_other_servers(pair):
    here, there = pair
    there.client.send(opening())
    answer = here.client.open_stream()
    wait_for(lambda: here.monitor.hub.viewers)
    there.client.ask("DELETE", "/api/v1/runs/run1")
    events_until(answer, "deleted", id="run1")


def test_a_page_hears_of_channels_at_other_servers(pair):
    here, there = pair
    answer = here.client.open_stream()
    wait_for(lambda: here.monitor.hub.viewers)
    new = {"kind": "webhook", "name": "Ops", "target": "https://8.8.8.8/hook"}
    assert there.client.ask("POST", "/api/v1/channels", json=new).status == 201
    events_until(answer, "channel", id="1")
    (channel,) = here.client.get("/channels")["channels"]
    here.client.ask("DELETE", f"/api/v1/channels/{channel['id']}")
    assert there.client.get("/channels")["channels"] == []


def test_after_many_frames_at_once_a_page_comes_back_for_the_whole(pair):
    here, there = pair
    there.client.send(opening())
    wait_for(lambda: here.client.get("/runs")["runs"])
    answer = here.client.open_stream("?run=run1")
    wait_for(lambda: here.monitor.hub.viewers)
    there.client.send(*(loss(seq, 1.0) for seq in range(1, 200)))
    assert b"points" not in b"".join(answer.stream())


def test_a_stream_that_moves_to_another_server_keeps_its_judge(pair):
    pair[0].client.send(opening(), loss(1, 1.0))
    (judge,) = wait_for(lambda: [one for one in pair if one.monitor.watch.judged(1) == 1])
    (other,) = [one for one in pair if one is not judge]
    other.client.send(loss(2, math.nan))
    (_,) = wait_for(lambda: other.client.get("/runs/run1/diagnoses")["diagnoses"])
    assert (judge.monitor.watch.judged(1), other.monitor.watch.judged(1)) == (2, -1)


def test_when_the_database_is_back_servers_hear_each_other_again(pair):
    here, there = pair
    there.client.send(opening())
    answer = here.client.open_stream()
    wait_for(lambda: here.monitor.hub.viewers)
    with here.monitor.store.database.write() as connection:
        connection.execute(text(END_ALL_SESSIONS))
    b"".join(answer.stream())  # pages are sent back as soon as the others are heard
    again = here.client.open_stream()
    wait_for(lambda: here.monitor.hub.viewers)
    wait_for(lambda: there.client.send(loss(1, math.nan)).status == 200)
    events_until(again, "alert", run_id="run1")


def test_words_reach_everybody_who_listens(postgres):
    stores = [Store.open(postgres.new_database())]
    stores.append(Store.open(stores[0].database._engine.url.render_as_string(hide_password=False)))
    with Notices(stores[0].database).listening() as receive:
        Notices(stores[1].database).say("x" * MAX_WORDS)
        assert wait_for(lambda: receive(0.1)) == ["x" * MAX_WORDS]
    for store in stores:
        store.close()
