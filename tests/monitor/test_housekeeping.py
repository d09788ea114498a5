"""A run that was deleted is gone for good, with all that belonged to it, and its space is free."""

import numpy as np
import pytest
from alembic import command
from sqlalchemy import func, select

from frames import frame, opening, points
from monitor.test_live import events_until
from monitor.test_migrate import config
from nanwatch import wire
from nanwatch.events import Cause, Diagnosed, Diagnosis
from nanwatch_monitor.incidents import Finding
from nanwatch_monitor.store import housekeeping
from nanwatch_monitor.store.migrate import migrate
from nanwatch_monitor.store.receipts import DeletedRunError
from nanwatch_monitor.store.sealed import Node, SealedSeries, Sealing
from nanwatch_monitor.store.tables import metadata
from servers import wait_for

DIAGNOSIS = Diagnosis("nan_loss", "critical", 3, (Cause("nan_in_features", 0.9, "A cell."),))


def append(store, *frames):
    return store.log.append([(frame, wire.encode(frame)) for frame in frames], now=1000.0)


def fill(store, run_id, stream):
    """A run with sealed and open frames, an incident and its message."""
    noise = points(range(500), batch_loss=np.random.default_rng(1).normal(size=500))
    stream_id = append(
        store,
        opening(run_id, stream),
        frame(1, noise, run_id=run_id, stream=stream),
        frame(2, noise, run_id=run_id, stream=stream),
    ).stream_id
    store.incidents.record(stream_id, (-1, 1), [Finding(DIAGNOSIS, "server")], 1000.0)
    known = SealedSeries(stream_id, 0, "batch/loss", 0, 499, 500, 0, 0, 0, -1.0, 1.0, 0.5)
    chunk = Node(0, 0, 0, 499, bytes(3000))
    assert store.series.seal(
        Sealing(stream_id, -1, 1, b"memory", [(known, bytes(50))], [(0, chunk)], [(0, bytes(70))])
    )


def rows(store):
    """How many rows there are of each table."""
    with store.database.read() as connection:
        tables = metadata.sorted_tables
        return {t.name: connection.scalar(select(func.count()).select_from(t)) for t in tables}


def test_all_of_a_run_is_deleted_and_nothing_else(store):
    fill(store, "run1", "s1")
    alone = rows(store)
    fill(store, "run2", "s2")
    assert store.housekeeping.delete("run2", 1000.0)
    assert rows(store) == alone | {"deleted_run": 1}
    assert alone["node"] == alone["outbox"] == alone["batch"] == 1
    assert store.runs.find("run2") is None


def test_what_is_not_there_cannot_be_deleted(store):
    assert not store.housekeeping.delete("run1", 1000.0)
    append(store, opening())


@pytest.mark.parametrize("sent", [opening(), frame(1), opening(stream="another")])
def test_nothing_more_is_taken_in_of_a_deleted_run(store, sent):
    append(store, opening())
    store.housekeeping.delete("run1", 1000.0)
    with pytest.raises(DeletedRunError):
        append(store, sent)
    assert store.runs.find("run1") is None


def test_the_size_of_a_run_counts_what_is_sealed_and_what_is_open(store):
    fill(store, "run1", "s1")
    append(store, opening("run2", "s2"))
    one, two = (store.runs.find(run_id).no for run_id in ("run1", "run2"))
    sizes = store.housekeeping.sizes([one, two])
    noise = points(range(500), batch_loss=np.random.default_rng(1).normal(size=500))
    still_open = len(wire.encode(frame(2, noise, stream="s1")))
    assert sizes[one] == 3000 + 70 + 50 + still_open
    assert sizes[two] == len(wire.encode(opening("run2", "s2")))
    assert store.housekeeping.sizes([]) == {}


def test_the_size_of_what_an_older_version_sealed_is_known(store):
    fill(store, "run1", "s1")
    run = store.runs.find("run1").no
    size = store.housekeeping.sizes([run])
    with store.database.write() as connection:
        command.downgrade(config(connection=connection), "0003")
    migrate(store.database)
    assert store.housekeeping.sizes([run]) == size


def test_the_file_shrinks(store, monkeypatch):
    monkeypatch.setattr(housekeeping, "_PAGES_AT_ONCE", 16)
    append(store, opening())
    noise = [points(range(1000), batch_loss=np.full(1000, n)) for n in range(200)]
    append(store, *(frame(n + 1, block) for n, block in enumerate(noise)))
    store.housekeeping.delete("run1", 1000.0)
    if not store.database.is_sqlite:
        store.housekeeping.give_back_space()  # PostgreSQL does so by itself
        return
    before = pages(store)
    store.housekeeping.give_back_space()
    assert pages(store) < before / 4


def pages(store):
    with store.database.read() as connection:
        return connection.exec_driver_sql("PRAGMA page_count").scalar_one()


def test_a_run_is_deleted_over_http_and_everybody_hears_of_it(any_server):
    client = any_server.client
    client.send(opening(), frame(1, Diagnosed(DIAGNOSIS)))
    assert client.get("/runs")["runs"][0]["size_bytes"] > 0
    assert client.get("/runs/run1")["size_bytes"] > 0
    overview, page = client.open_stream(), client.open_stream("?run=run1")
    wait_for(lambda: any_server.monitor.hub.viewers == 2)
    assert client.ask("DELETE", "/api/v1/runs/run1").status == 204
    assert events_until(overview, "deleted")[-1] == ("deleted", {"id": "run1"})
    b"".join(page.stream())  # it is sent back, to find the run gone
    assert client.ask("GET", "/api/v1/runs/run1").status == 404
    assert client.ask("DELETE", "/api/v1/runs/run1").status == 404
    assert client.get("/alerts")["alerts"] == []
    answer = client.send(frame(2))
    assert (answer.status, answer.json()["code"]) == (410, "deleted_run")
