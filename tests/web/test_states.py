"""What a page says of a run's state, of thinned points, and of alerts that reach nobody."""

from __future__ import annotations

import json
import math
import re
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from monitor.sinks import sink
from nanwatch import events
from nanwatch_monitor.series import tree
from nanwatch_monitor.series.thinner import thinning_of
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.series import MANY_FRAMES
from servers import wait_for
from web.served import RunningServer, SentRun, broken_run, healthy_run

EXACT_FROM = re.compile(r"exact values from step 2\d\d on")
ROW = 16  # points of a row that can be thinned, with the sizes below


@pytest.fixture
def small_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Points are summed up in short rows, so that a short run can be thinned."""
    for name, size in {"CHUNK": 8, "NODE": 4, "FINEST": 4, "FAN": 2}.items():
        monkeypatch.setattr(tree, name, size)


def thin(server: RunningServer, run_id: str) -> None:
    """Do what `nanwatch thin` does, once the run's points are sealed."""
    store = Store.open(f"sqlite:///{server.home.database_file}")
    wait_for(lambda: thinning_of(store)(run_id, 2000.0))
    store.close()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", "Loading the runs"),
        ("/alerts", "Loading the alerts"),
        ("/compare?runs=a", "Loading the runs"),
        ("/runs/a", "Loading the run"),
        ("/losses", "Loading the losses"),
        ("/causes/lr_too_high", "Loading the cause"),
    ],
)
def test_a_page_that_waits_for_the_server_says_so(
    page: Page, server: RunningServer, path: str, words: str
) -> None:
    healthy_run(server.url, "a")
    page.route("**/api/v1/**", lambda _: None)  # no answer
    page.goto(path)
    expect(page.get_by_role("main")).to_contain_text(words)
    page.unroute_all(behavior="ignoreErrors")


def test_a_run_that_failed_says_why(page: Page, server: RunningServer) -> None:
    run = broken_run(server.url)
    run.send(events.RunEnded("failed", "ValueError: <b>shapes</b> do not fit"))
    page.goto("/runs/broken")
    expect(page.locator("#why")).to_have_text("ValueError: <b>shapes</b> do not fit")
    page.goto("/")
    pill = page.locator(".runs .status .pill").first
    expect(pill).to_have_attribute("title", "ValueError: <b>shapes</b> do not fit")


@pytest.mark.parametrize(
    ("path", "where"),
    [("/", "td.status"), ("/alerts", ".alert"), ("/runs/healthy", "#pills")],
)
def test_what_was_not_finite_first_is_named(
    page: Page, server: RunningServer, path: str, where: str
) -> None:
    told = events.Diagnosis("nan_loss", "critical", 5, fault="gradient")
    healthy_run(server.url).send(events.Diagnosed(told))
    page.goto(path)
    expect(page.locator(where)).to_contain_text("Gradient not finite")


def test_a_run_that_ended_well_has_nothing_to_explain(page: Page, server: RunningServer) -> None:
    healthy_run(server.url).send(events.RunEnded("finished"))
    page.goto("/runs/healthy")
    expect(page.locator("#pills")).to_contain_text("Finished")
    expect(page.locator("#why")).to_be_hidden()


def test_a_healthy_run_says_so_until_something_is_wrong(page: Page, server: RunningServer) -> None:
    run = healthy_run(server.url)
    page.goto("/runs/healthy")
    expect(page.locator("#cards")).to_contain_text("No symptom in 30 steps")
    run.points([30], batch__loss=[float("nan")])
    expect(page.get_by_role("article")).to_be_visible()
    expect(page.locator("#cards")).not_to_contain_text("Nothing to report")


def test_a_training_whose_clock_is_off_has_a_badge(page: Page, server: RunningServer) -> None:
    run = healthy_run(server.url)
    page.goto("/runs/healthy")
    expect(page.locator("#pills")).to_contain_text("Running")
    expect(page.locator("#pills")).not_to_contain_text("Clock")
    run.send(events.FactsLearned({"clock_off_s": -7200}))
    page.reload()
    badge = page.locator("#pills .pill", has_text="Clock 2 h 0 min behind")
    expect(badge).to_have_attribute("title", re.compile("differs from the server's"))


@pytest.mark.usefixtures("small_rows")
def test_a_thinned_run_says_from_which_step_on_it_is_exact(
    page: Page, server: RunningServer
) -> None:
    run = SentRun(server.url, "thin")
    run.send(events.RunStarted("thin", "zoo"))
    for step in range(MANY_FRAMES + ROW):  # so many frames are sealed
        run.points([step], batch__loss=[math.nan if step == ROW else 1.0])
    run.send(events.RunEnded("finished"))
    page.goto("/runs/thin")
    expect(page.locator("#pills")).to_contain_text("Finished")
    expect(page.locator(".kept")).to_be_hidden()
    thin(server, "thin")
    page.reload()
    expect(page.locator(".kept")).to_contain_text(EXACT_FROM)
    expect(page.locator("#steps")).to_contain_text("not kept any more")


@pytest.fixture
def deaf(browser: Browser, server: RunningServer) -> Iterator[Page]:
    """A page of a server with a channel whose receiver refuses everything."""
    server.stop()
    server.webhook_allow = ("127.0.0.1",)
    server.start()
    page = browser.new_page(base_url=server.url)
    with sink(410) as receiver:
        body = json.dumps({"kind": "webhook", "name": "ops", "target": receiver.url}).encode()
        url, headers = f"{server.url}/api/v1/channels", {"Content-Type": "application/json"}
        urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10).close()
        yield page
    page.close()


def test_a_dead_channel_is_warned_of_on_every_page(deaf: Page, server: RunningServer) -> None:
    healthy_run(server.url)
    deaf.goto("/")
    expect(deaf.locator("#live")).to_have_text("Live")
    expect(deaf.locator("#undelivered")).to_be_hidden()
    broken_run(server.url)
    expect(deaf.locator("#undelivered")).to_contain_text(
        "Alerts do not arrive over ops: the receiver answered 410"
    )
    for path in ("/runs/healthy", "/losses", "/causes/logits_mismatch"):
        deaf.goto(path)
        expect(deaf.locator("#undelivered")).to_contain_text("ops")
    deaf.get_by_role("link", name="Look at the channels").click()
    expect(deaf).to_have_url(f"{server.url}/settings#channels")
