"""A clock that is off is said, and told to the server; one that agrees is not worth a word."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from nanwatch import clock
from nanwatch.run import start_run
from nanwatch.transport import Endpoint, Link
from servers import wait_for


@pytest.fixture
def link(live_server):
    found = Link(Endpoint(live_server.url, live_server.token))
    yield found
    found.close()


def test_clocks_that_agree_are_not_told(link):
    assert clock.wrong_clock(link) is None


@pytest.mark.parametrize(("off_s", "words"), [(3600, "ahead of"), (-3600, "behind")])
def test_a_clock_that_is_off_is_told_with_its_sign(link, monkeypatch, off_s, words):
    theirs = time.time() - off_s
    answer = link.get("/healthz")
    monkeypatch.setattr(type(link), "get", lambda *_: replace(answer, body={"time": theirs}))
    fact, said = clock.wrong_clock(link)
    assert abs(fact.facts["clock_off_s"] - off_s) <= 30
    assert words in said


@pytest.mark.parametrize("theirs", [1e308, -1e308, "noon", None, True])
def test_what_is_no_time_is_not_believed(link, monkeypatch, theirs):
    answer = link.get("/healthz")
    monkeypatch.setattr(type(link), "get", lambda *_: replace(answer, body={"time": theirs}))
    assert clock.wrong_clock(link) is None


def test_a_server_that_is_none_tells_no_time():
    assert clock.clock_off_s(Link(Endpoint("http://127.0.0.1:1", None))) is None


def test_the_wall_clock_is_asked_for_labels_alone():
    package = Path(clock.__file__).parent
    files = [path for path in package.rglob("*.py") if path.parent.name not in ("cli", "demo")]
    asking = {path.name for path in files if "time.time" in path.read_text()}
    assert asking == {"clock.py", "reporter.py", "run.py", "session.py"}


def test_a_run_tells_its_server_so(home, live_server, monkeypatch, capfd):
    monkeypatch.setenv("NANWATCH_TOKEN", live_server.token)
    monkeypatch.setattr(clock, "clock_off_s", lambda _link: -7200.0)
    with start_run(live_server.url) as run:
        run.log({"loss": 1.0})
        path = f"/api/v1/runs/{run.id}"
        facts = wait_for(lambda: live_server.client.ask("GET", path).json().get("facts"))
    assert facts["clock_off_s"] == -7200
    assert "7200 s behind" in capfd.readouterr().err
