"""Beside a flood, or a backlog that comes back, a quiet run is answered and loses nothing."""

import pytest

from neighbours import LOUD_SERIES, Quiet, begin, counts, flood, leave_backlog, told_by


@pytest.fixture
def tokens(server_process):
    """A server, and two tokens that may report to it."""
    server = server_process().start()
    made = [
        server.client.ask("POST", "/api/v1/tokens", json={"name": name, "scope": "write"}).json()
        for name in ("loud", "quiet")
    ]
    return server, *(one["token"] for one in made)


def test_a_flood_is_refused_and_what_was_accepted_is_there_once(tokens):
    server, loud, quiet = tokens
    one = Quiet(server.url, quiet)
    flooding = flood(server, 12, 3, loud)
    one.talk(lambda: flooding.poll() is None)
    told = told_by(flooding)
    assert set(told["statuses"]) == {"200", "429"}
    assert 1 <= min(told["waits"]) <= max(told["waits"]) <= 30
    assert counts(server.client, "quiet") == {"batch/loss": one.n}
    for run, accepted in told["accepted"].items():
        assert set(counts(server.client, run).values()) <= {accepted}


def test_a_backlog_that_comes_back_keeps_nobody_out(tokens, tmp_path, monkeypatch):
    server, loud, quiet = tokens
    n = leave_backlog(tmp_path / "other", "cutoff", 2000)
    one = Quiet(server.url, quiet)
    monkeypatch.setenv("NANWATCH_DIR", str(tmp_path / "other"))
    monkeypatch.setenv("NANWATCH_TOKEN", loud)
    draining = begin(("-m", "nanwatch", "sync", "--json"), "--server", server.url)
    one.talk(lambda: draining.poll() is None)
    (report,) = told_by(draining)["streams"]
    assert (report["state"], report["rejected"]) == ("delivered", 0)
    assert counts(server.client, "cutoff") == {f"batch/{at}": n for at in range(LOUD_SERIES)}
    assert counts(server.client, "quiet") == {"batch/loss": one.n}
