"""What others cost a quiet run: a flood beyond all bounds, and a million points that come back."""

import numpy as np
import pytest

from endurance import taken
from neighbours import LOUD_SERIES, Quiet, begin, counts, flood, leave_backlog, told_by

ALONE_S, FLOOD_S, WRITERS, FRAMES = 30, 60, 30, 20_000
MOST_MIB = 400


@pytest.fixture
def quiet(server_process):
    """A server, a token for others, and a run that speaks with a token of its own."""
    server = server_process().start()
    loud, own = (
        server.client.ask("POST", "/api/v1/tokens", json={"name": name, "scope": "write"}).json()
        for name in ("loud", "quiet")
    )
    return server, loud["token"], Quiet(server.url, own["token"])


def words(took):
    """Median and p99 in ms."""
    return "p50 {:.1f} ms, p99 {:.1f} ms".format(*np.percentile(took, (50, 99)) * 1e3)


def test_a_flood_is_held_back_in_bounded_memory(quiet, measured):
    server, token, one = quiet
    alone = one.talk_for(ALONE_S)
    flooding, sizes = flood(server, WRITERS, FLOOD_S, token), []

    def goes_on():
        sizes.append(taken(server.process.pid)[0])
        return flooding.poll() is None

    beside = one.talk(goes_on)
    told = told_by(flooding)
    stored = sum(sum(counts(server.client, run).values()) for run in told["accepted"])
    measured(
        f"{told['statuses']}, {stored / FLOOD_S:.0f} points/s stored, {max(sizes):.0f} MiB "
        f"at most; a quiet run alone {words(alone)}, beside it {words(beside)}"
    )
    assert set(told["statuses"]) == {"200", "429"}
    assert max(sizes) < MOST_MIB
    assert stored == sum(told["accepted"].values()) * LOUD_SERIES
    assert counts(server.client, "quiet") == {"batch/loss": one.n}


def test_a_million_points_that_come_back(quiet, tmp_path, monkeypatch, measured):
    server, token, one = quiet
    n = leave_backlog(tmp_path / "other", "cutoff", FRAMES)
    alone = one.talk_for(ALONE_S)
    monkeypatch.setenv("NANWATCH_DIR", str(tmp_path / "other"))
    monkeypatch.setenv("NANWATCH_TOKEN", token)
    draining = begin(("-m", "nanwatch", "sync", "--json"), "--server", server.url)
    beside = one.talk(lambda: draining.poll() is None)
    (report,) = told_by(draining)["streams"]
    measured(f"a quiet run alone {words(alone)}, beside it {words(beside)} ({len(beside)} answers)")
    assert report["state"] == "delivered"
    assert set(counts(server.client, "cutoff").values()) == {n}
    assert counts(server.client, "quiet") == {"batch/loss": one.n}
