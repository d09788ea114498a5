"""`nanwatch thin` and `vacuum`, as people call them."""

import pytest
from sqlalchemy import delete

from frames import frame, points
from monitor.test_housekeeping import append
from monitor.test_thinning import sealed_run
from nanwatch_monitor.series.reader import SeriesReader
from nanwatch_monitor.series.sealer import seal
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.tables import node

HALF = 40_000


def long_run(store):
    """The id of a run with more points than the last ones, which stay; all of them sealed."""
    run_id, _ = sealed_run(store, range(HALF))
    more = points(range(HALF + 1, 2 * HALF + 1), batch_loss=range(HALF))
    stream_id = append(store, frame(2, more, run_id=run_id, stream=run_id)).stream_id
    assert seal(store.series, stream_id, 2, b"")
    return run_id


def written_down(database_url):
    """What the audit tells: the action and what it was done to."""
    store = Store.open(database_url)
    told = [(entry.action, entry.subject) for _, entry in store.audit.entries(9)]
    store.close()
    return told


def test_a_run_that_is_thinned_keeps_its_curve(store, database_url, run):
    run_id = long_run(store)
    code, words = run("thin", run_id, "--database-url", database_url)
    assert (code, f"of points of {run_id} are gone; its curves are kept" in words) == (0, True)
    reader = SeriesReader(store.series)
    assert reader.exact_from(run_id, "batch/loss") > 0
    assert reader.overview(run_id, "batch/loss", None, None, 9).n.sum() == 2 * HALF
    assert written_down(database_url) == [("runs.thin", run_id)]


def test_no_run_is_nothing_to_thin(store, database_url, run):
    code, words = run("thin", "nobody", "--database-url", database_url)
    assert (code, words.splitlines()[0]) == (2, "nanwatch: there is no run nobody")
    assert written_down(database_url) == []


@pytest.fixture
def roomy(tmp_path):
    """The URL of a file with much free space in it."""
    store = Store.open(url := f"sqlite:///{tmp_path}/roomy.db")
    long_run(store)
    with store.database.write() as connection:
        connection.execute(delete(node))
    store.close()
    return url


def test_a_file_that_is_written_anew_is_smaller(roomy, run, tmp_path):
    file = tmp_path / "roomy.db"
    before = file.stat().st_size
    code, words = run("vacuum", "--database-url", roomy)
    assert (code, words.startswith(f"{file} has ")) == (0, True)
    assert file.stat().st_size < before
    assert written_down(roomy) == [("vacuum", str(file))]


def test_no_file_is_written_anew_under_a_server(roomy, run, server_process):
    process = server_process("--database-url", roomy).start()
    code, words = run("vacuum", "--database-url", roomy)
    assert (code, "nanwatch stop" in words) == (2, True)
    process.stop()
    assert written_down(roomy) == []


def test_postgresql_is_told_what_it_does_by_itself(run):
    code, words = run("vacuum", "--database-url", "postgresql://somebody:secret@db/nanwatch")
    assert (code, "autovacuum" in words, "secret" in words) == (2, True, False)
