"""Pages that stay open: many of them, unseen ones, and when the server dies under them."""

from __future__ import annotations

import re
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from ledger_server import free_port
from servers import ServerProcess, wait_for
from web.served import RunningServer, healthy_run

LOSS = "[data-chart='key:loss'] .plot"
HIDE = """(hidden) => {
    Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
    document.dispatchEvent(new Event("visibilitychange"));
}"""
HAS_STEP = """([plot, step]) => document.querySelector(plot)?.data
    ?.find((trace) => trace.name === "loss")?.x.includes(step)"""


def viewers(server: RunningServer) -> int:
    """How many streams of live events are open."""
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=5) as answer:
        told = answer.read().decode()
    return int(float(re.findall(r"^nanwatch_viewers (.+)$", told, re.MULTILINE)[0]))


def opened(page: Page, run_id: str = "healthy") -> None:
    page.goto(f"/runs/{run_id}")
    expect(page.locator("#live")).to_have_text("Live")
    page.wait_for_function("(p) => document.querySelector(p)?.data?.length", arg=LOSS)


def test_a_tab_that_nobody_sees_asks_for_nothing_and_draws_nothing(
    page: Page, server: RunningServer
) -> None:
    run = healthy_run(server.url)
    asked: list[str] = []
    on_their_way: set[Request] = set()
    page.on("request", lambda request: (asked.append(request.url), on_their_way.add(request)))
    for ended in ("requestfinished", "requestfailed"):
        page.on(ended, lambda request: on_their_way.discard(request))
    opened(page)
    page.evaluate(HIDE, True)
    page.wait_for_timeout(500)
    while any("/api/" in request.url for request in on_their_way):
        page.wait_for_timeout(500)
    asked.clear()
    page.evaluate(
        """() => { window.drawn = 0; const { react } = Plotly;
            Plotly.react = (...given) => { window.drawn += 1; return react(...given); } }"""
    )
    run.points(range(30, 40), batch__loss=[0.5] * 10)
    page.wait_for_timeout(2500)
    assert (asked, page.evaluate("drawn")) == ([], 0)
    page.evaluate(HIDE, False)
    page.wait_for_function(HAS_STEP, arg=[LOSS, 39])


def test_more_windows_in_sight_than_a_browser_has_connections(
    browser: Browser, server: RunningServer
) -> None:
    runs = [healthy_run(server.url, f"run{number}") for number in range(8)]
    context = browser.new_context(base_url=server.url)
    pages = [context.new_page() for _ in runs]
    for page, run in zip(pages, runs, strict=True):
        opened(page, run.id)
    for page, run in zip(pages, runs, strict=True):
        assert not page.evaluate("document.hidden")
        run.points([30], batch__loss=[0.5])
        page.wait_for_function(HAS_STEP, arg=[LOSS, 30])
    wait_for(lambda: viewers(server) == 1)
    context.close()


# Why no answer comes from the shared worker.
NO_WORKER = {
    "unknown": "delete window.SharedWorker",
    "forbidden": "window.SharedWorker = class { constructor() { throw new DOMException('no') } }",
    "blocked": """{ const Shared = SharedWorker;
        window.SharedWorker = function (_, how) { return new Shared("/static/js/none.js", how) }
    }""",
    "stuck": "window.SharedWorker = class { port = new MessageChannel().port1 }",
}


@pytest.mark.parametrize("why", NO_WORKER)
def test_a_page_whose_worker_does_not_come_has_a_stream_of_its_own(
    browser: Browser, server: RunningServer, why: str
) -> None:
    run = healthy_run(server.url)
    page = browser.new_page(base_url=server.url)  # not watched: the browser itself logs the 404
    page.add_init_script(NO_WORKER[why])
    page.goto("/runs/healthy")
    expect(page.locator("#live")).to_have_text("Live", timeout=20_000)
    run.points([30], batch__loss=[0.5])
    page.wait_for_function(HAS_STEP, arg=[LOSS, 30])
    wait_for(lambda: viewers(server) == 1)
    page.close()


MORTAL = """{ const Shared = SharedWorker; window.SharedWorker = function (...given) {
    const worker = new Shared(...given);
    window.dies = () => worker.port.close();
    return worker;
} }"""


def test_a_page_whose_worker_dies_has_a_stream_of_its_own_and_missed_nothing(
    page: Page, server: RunningServer
) -> None:
    run = healthy_run(server.url)
    page.add_init_script(MORTAL)
    opened(page)
    page.evaluate("dies()")
    run.points([30], batch__loss=[0.5])
    page.wait_for_function(HAS_STEP, arg=[LOSS, 30])
    expect(page.locator("#live")).to_have_text("Live")


@pytest.mark.parametrize("kill", ["kill", "stop"])
def test_two_tabs_come_back_when_the_server_does_and_miss_nothing(
    browser: Browser, tmp_path: Path, kill: str
) -> None:
    process = ServerProcess(tmp_path, "--no-auth", port=free_port()).start()
    run = healthy_run(process.url)
    context = browser.new_context(base_url=process.url)
    tabs = [context.new_page() for _ in range(2)]
    for tab in tabs:
        opened(tab)
    getattr(process, kill)()
    for tab in tabs:
        expect(tab.locator("#live")).to_have_text("Reconnecting")
    process.start()
    run.points([30, 31, 32], batch__loss=[0.3, 0.2, 0.1])
    for tab in tabs:
        expect(tab.locator("#live")).to_have_text("Live", timeout=20_000)
        tab.wait_for_function(HAS_STEP, arg=[LOSS, 32])
        steps = tab.eval_on_selector(
            LOSS, "(p) => [...p.data.find((trace) => trace.name === 'loss').x]"
        )
        assert steps == list(range(33))
    context.close()
    process.stop()
