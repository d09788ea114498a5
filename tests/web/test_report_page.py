"""The report in a real browser that is offline: read on any screen, in the dark, and on paper."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from web.browser import RULES
from web.served import RunningServer, broken_run, read, watch

COLOURS = "() => document.querySelector('.chart').layout.paper_bgcolor"


@pytest.fixture
def report(browser: Browser, server: RunningServer, tmp_path: Path) -> Iterator[Page]:
    """The report of a broken run, opened as a file that may ask no network for anything."""
    broken_run(server.url)
    file = tmp_path / "report.html"
    file.write_bytes(read(f"{server.url}/api/v1/runs/broken/report"))
    context = browser.new_context(offline=True, viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    problems = watch(page, "file:")
    page.goto(file.as_uri())
    page.wait_for_function("() => document.querySelectorAll('.chart .main-svg').length > 3")
    yield page
    context.close()
    assert problems == []


def test_what_was_found_is_told_with_marks_and_the_change(report: Page) -> None:
    card = report.get_by_role("article").filter(has_text="The loss is not finite at step 37")
    expect(card.locator("pre .add")).to_have_text("+ model.fit(x[ok], y[ok])")
    expect(card.locator(".tried.yes")).to_contain_text("held in a replay")
    card.get_by_text("1 other suspect").click()
    expect(card).to_contain_text("The rate is high.")


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_no_screen_is_too_narrow(report: Page, width: int) -> None:
    report.set_viewport_size({"width": width, "height": 844})
    report.wait_for_function(
        """() => [...document.querySelectorAll(".main-svg")]
            .every((drawn) => drawn.clientWidth <= document.body.clientWidth)"""
    )
    assert report.evaluate("document.documentElement.scrollWidth") <= width


def test_the_theme_of_the_screen_is_taken_and_paper_is_white(report: Page) -> None:
    report.emulate_media(color_scheme="dark")
    report.wait_for_function(f"() => ({COLOURS})() === '#171d25'")
    report.evaluate("dispatchEvent(new Event('beforeprint'))")
    report.wait_for_function(f"() => ({COLOURS})() === '#ffffff'")
    expect(report.locator("details:not([open])")).to_have_count(0)
    report.evaluate("dispatchEvent(new Event('afterprint'))")
    report.wait_for_function(f"() => ({COLOURS})() === '#171d25'")
    expect(report.locator("details:not([open])").first).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_barrier(report: Page, axe: str, theme: str) -> None:
    report.emulate_media(color_scheme=theme)
    report.evaluate(axe)
    found = report.evaluate("(rules) => axe.run(document, {runOnly: rules})", RULES)
    barriers = [(each["id"], each["nodes"][0]["target"]) for each in found["violations"]]
    assert barriers == [], json.dumps(barriers)
