"""Fixtures of every test with a browser: the browser, a page that watches itself, a server.

They are mounted once, in the outermost conftest: a process can hold one Playwright only.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from web.served import RunningServer, watch

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 20_000
SPY = """
window.violations = [];
document.addEventListener("securitypolicyviolation",
    (event) => violations.push(event.violatedDirective + " " + event.blockedURI));
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server without login, which listens before the test begins."""
    running = RunningServer(tmp_path)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, with patience for what comes late on a machine with much to do."""
    expect.set_options(timeout=PATIENCE_MS)
    found = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or found or playwright.chromium.executable_path
        if not Path(path).exists():
            _without("no browser: install chromium, or run `playwright install chromium`")
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, server: RunningServer) -> Iterator[Page]:
    """A page that fails its test at any console message, error, violation or foreign request."""
    context = browser.new_context(
        base_url=server.url, viewport={"width": 1440, "height": 1000}, reduced_motion="reduce"
    )
    opened = context.new_page()
    opened.add_init_script(SPY)
    problems = watch(opened, server.url)
    yield opened
    assert opened.evaluate("violations") == []
    context.close()
    assert problems == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which looks for barriers in a page."""
    if not AXE.exists():
        _without("no axe-core: run `npm ci`")
    return AXE.read_text("utf-8")


def _without(reason: str) -> None:
    if os.environ.get("REQUIRE_BROWSER"):
        pytest.fail(reason)
    pytest.skip(reason)
