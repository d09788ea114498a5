"""What a Prometheus reads is what has happened."""

import math

import pytest
from prometheus_client.parser import text_string_to_metric_families

from frames import frame, opening, points
from monitor.alerting import Runs
from monitor.sinks import sink
from nanwatch import wire
from nanwatch.events import Diagnosed, Diagnosis, RunEnded
from nanwatch_monitor.watch import Watch
from servers import Client, wait_for

DIAGNOSIS = Diagnosis("nan_loss", "critical", 3)


def scraped(client):
    """Each sample's value by its name and labels, such as `nanwatch_runs{running}`."""
    answer = client.ask("GET", "/metrics")
    assert (answer.status, answer.headers["content-type"].split(";")[0]) == (200, "text/plain")
    return {
        sample.name + "".join(f"{{{value}}}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.data.decode())
        for sample in family.samples
    }


def test_what_was_stored_is_counted(live_server):
    sent = [opening(), frame(1, points([0, 1], batch_loss=[1, 2], batch_acc=[0, math.nan]))]
    live_server.client.send(*sent)
    live_server.client.send(*sent)
    found = scraped(live_server.client)
    assert found["nanwatch_frames_stored_total"] == 2
    assert found["nanwatch_points_stored_total"] == 4
    assert found["nanwatch_frames_duplicate_total"] == 2
    assert found["nanwatch_ingest_seconds_count"] == 2
    assert found["process_resident_memory_bytes"] > 0


def test_refusals_are_counted_by_status_wherever_they_happen(live_server):
    stranger = Client(live_server.url)
    assert stranger.ask("GET", "/api/v1/runs").status == 401
    assert live_server.client.send_bytes(b"nonsense").status == 400
    live_server.client.send(opening())
    assert live_server.client.send(frame(7)).status == 409
    found = scraped(live_server.client)
    assert [found[f"nanwatch_requests_refused_total{{{n}}}"] for n in (400, 401, 409)] == [1, 1, 1]
    assert "nanwatch_requests_refused_total{404}" not in found
    stranger.close()


def test_the_numbers_are_behind_the_token(live_server):
    stranger = Client(live_server.url, "nw_a_wrong")
    answer = stranger.ask("GET", "/metrics")
    assert (answer.status, b"nanwatch_" in answer.data) == (401, False)
    stranger.close()


def test_runs_are_counted_by_state(start_server, clock):
    server = start_server(clock=clock)
    for run_id, *said in [("a",), ("b",), ("c", RunEnded("failed"))]:
        server.client.send(opening(run_id, run_id), frame(1, *said, run_id=run_id, stream=run_id))
    found = scraped(server.client)
    assert (found["nanwatch_runs{running}"], found["nanwatch_runs{failed}"]) == (2, 1)
    clock.now += 40.0
    found = scraped(server.client)
    assert (found["nanwatch_runs{running}"], found["nanwatch_runs{stale}"]) == (0, 2)


def test_incidents_and_viewers_are_counted(live_server):
    answer = live_server.client.open_stream()
    live_server.client.send(opening(), frame(1, Diagnosed(DIAGNOSIS)))
    wait_for(lambda: scraped(live_server.client)["nanwatch_incidents_open{critical}"] == 1)
    found = scraped(live_server.client)
    assert (found["nanwatch_incidents_open{info}"], found["nanwatch_viewers"]) == (0, 1)
    assert found["nanwatch_watch_backlog_frames"] == 0
    answer.close()


def test_how_full_the_room_of_what_waits_is_can_be_seen(live_server):
    intake = live_server.monitor.intake
    assert scraped(live_server.client)["nanwatch_ingest_fill"] == 0
    intake._room.enter("run1", points=5_000, size=10)
    assert scraped(live_server.client)["nanwatch_ingest_fill"] == 0.25


def test_an_alert_waits_until_it_is_given_up(start_server, clock):
    with sink(410) as receiver:
        server = start_server(clock=clock, webhook_url=receiver.url, webhook_allow=("127.0.0.0/8",))
        server.client.send(opening(), frame(1, Diagnosed(DIAGNOSIS)))
        wait_for(lambda: scraped(server.client)["nanwatch_alerts{waiting}"] == 1)
        clock.now += 10.0
        wait_for(lambda: scraped(server.client)["nanwatch_alerts{failed}"] == 1)
        assert scraped(server.client)["nanwatch_alerts{waiting}"] == 0
        server.stop()


def test_how_long_the_most_overdue_alert_is_due_is_told(live_server, store, clock):
    assert scraped(live_server.client)["nanwatch_alert_lag_seconds"] == 0
    Runs(store, clock).fails()
    lags = [store.outbox.lag_s(clock() + waited_s) for waited_s in (0.0, 1.0, 31.0)]
    assert lags == [0.0, 0.0, 30.0]


class Patient:
    """A brain that finds nothing."""

    def feed(self, _event):
        return ()


@pytest.fixture
def watch(store):
    return Watch(store, Patient, list, lambda: 1000.0)


def test_the_backlog_is_what_no_brain_has_seen(store, watch):
    sent = [opening(), *(frame(seq) for seq in range(1, 5))]
    store.log.append([(one, wire.encode(one)) for one in sent], now=1000.0)
    assert watch.backlog() == 5
    watch.start()
    wait_for(lambda: watch.backlog() == 0)
    watch.stop()
    assert store.log.head(1).watched_seq == -1  # judged, though not worth a record yet


def test_without_the_database_the_other_numbers_are_there(live_server):
    with live_server.monitor.store.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE run RENAME TO away")
    found = scraped(live_server.client)
    assert (found["nanwatch_database_up"], found["nanwatch_viewers"]) == (0, 0)
    assert "nanwatch_runs{running}" not in found
    with live_server.monitor.store.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO run")
    assert scraped(live_server.client)["nanwatch_database_up"] == 1


def test_being_measured_is_no_use(live_server):
    activity = live_server.monitor.activity
    before = activity._last
    scraped(live_server.client)
    assert activity._last == before
    live_server.client.get("/runs")
    assert activity._last > before
