"""Desktop notifications in a real browser, which is asked to write down what it shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from nanwatch import events
from servers import wait_for
from web.served import RunningServer, SentRun, read, watch

# The browser's own class goes on working: it is only listened to.
LISTEN = """
window.notes = [];
window.Notification = class extends Notification {
    constructor(title, options) { super(title, options); notes.push({title, ...options}); }
};
"""
HELD = "async (n) => (await navigator.locks.query()).held.length === n"


@pytest.fixture
def desk(browser: Browser, server: RunningServer) -> Iterator[BrowserContext]:
    """A browser that may show notifications."""
    context = browser.new_context(base_url=server.url)
    context.grant_permissions(["notifications"])
    context.add_init_script(LISTEN)
    watched: list[list[str]] = []
    context.on("page", lambda page: watched.append(watch(page, server.url)))
    yield context
    context.close()
    assert [problem for problems in watched for problem in problems] == []


def failing_run(server: RunningServer, run_id: str, severity: events.Severity = "critical") -> None:
    """A run of which one thing is told."""
    run = SentRun(server.url, run_id)
    told = events.Diagnosis("nan_loss", severity, 7, (events.Cause("corrupt_batch", 0.9, "bad"),))
    run.send(events.RunStarted(run_id, "zoo"), events.Diagnosed(told))


def opened(desk: BrowserContext, path: str = "/alerts") -> Page:
    page = desk.new_page()
    page.goto(path)
    expect(page.locator("#live")).to_have_text("Live")
    return page


def switched_on(desk: BrowserContext) -> Page:
    page = opened(desk)
    page.get_by_label("Desktop notifications").check()
    expect(page.get_by_label("Desktop notifications")).to_be_checked()
    page.wait_for_function(HELD, arg=1)
    return page


def titles(*pages: Page) -> list[str]:
    return [note["title"] for page in pages for note in page.evaluate("notes")]


def told(*pages: Page) -> list[str]:
    """What was shown by now, in any of the tabs."""
    pages[0].wait_for_timeout(1500)
    return titles(*pages)


def test_nothing_is_shown_before_somebody_wishes_it(
    desk: BrowserContext, server: RunningServer
) -> None:
    page = opened(desk)
    failing_run(server, "broken")
    expect(page.locator(".alert")).to_have_count(1)
    assert told(page) == []


def test_one_of_many_tabs_tells_once_of_what_is_critical(
    desk: BrowserContext, server: RunningServer
) -> None:
    failing_run(server, "before")
    wait_for(lambda: b"before" in read(f"{server.url}/api/v1/alerts"))
    pages = [switched_on(desk), opened(desk, "/"), opened(desk)]
    failing_run(server, "mild", "warning")
    failing_run(server, "broken")
    pages[0].wait_for_function("() => notes.length")
    assert told(*pages) == ["NaN or Inf: broken"]


def test_another_tab_takes_over_and_repeats_nothing(
    desk: BrowserContext, server: RunningServer
) -> None:
    first, second = switched_on(desk), opened(desk)
    failing_run(server, "broken")
    first.wait_for_function("() => notes.length")
    first.close()
    failing_run(server, "later")
    second.wait_for_function("() => notes.length")
    assert told(second) == ["NaN or Inf: later"]


def test_many_at_once_are_one_notification(desk: BrowserContext, server: RunningServer) -> None:
    page = switched_on(desk)
    server.stop()
    elsewhere = RunningServer(server.folder)  # where the page does not see them come one by one
    elsewhere.start()
    for number in range(6):
        failing_run(elsewhere, f"run-{number}")
    wait_for(lambda: read(f"{elsewhere.url}/api/v1/alerts").count(b'"run_name"') == 6)
    elsewhere.stop()
    server.start()
    page.wait_for_function("() => notes.length")
    assert told(page) == ["6 critical alerts"]


def test_who_switches_it_off_is_left_in_peace(desk: BrowserContext, server: RunningServer) -> None:
    page = switched_on(desk)
    page.get_by_label("Desktop notifications").uncheck()
    page.wait_for_function(HELD, arg=0)
    failing_run(server, "broken")
    expect(page.locator(".alert")).to_have_count(1)
    assert told(page) == []


def test_a_browser_that_refuses_is_told_how_to_mend_it(
    browser: Browser, server: RunningServer
) -> None:
    page = browser.new_context(base_url=server.url).new_page()
    page.goto("/settings")
    page.get_by_label("Desktop notifications").click()
    expect(page.locator("#browser")).to_contain_text("Allow it in the browser's settings")
    expect(page.get_by_label("Desktop notifications")).not_to_be_checked()
    page.context.close()
