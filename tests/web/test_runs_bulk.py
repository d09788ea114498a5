"""What is done with several runs at once, in a real browser."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from web.served import RunningServer, barriers, broken_run, healthy_run


@pytest.fixture
def bar(page: Page, server: RunningServer) -> Locator:
    """The list of three runs, two of them ticked, and the bar that tells so."""
    broken_run(server.url)
    healthy_run(server.url, "a", "otter", tags=("old", "kept"))
    healthy_run(server.url, "b", "heron")
    page.goto("/")
    for name in ("penguins", "otter"):
        page.get_by_label(f"Tick {name}").check()
    return page.get_by_role("group", name="Ticked runs")


def run(server: RunningServer, run_id: str) -> Any:
    """A run as the server knows it."""
    with urllib.request.urlopen(f"{server.url}/api/v1/runs/{run_id}", timeout=10) as answer:
        return json.load(answer)


def names(page: Page) -> Locator:
    return page.locator(".runs .name a")


def test_the_bar_comes_with_a_tick_and_goes_with_the_last(page: Page, bar: Locator) -> None:
    expect(bar).to_contain_text("2 runs ticked")
    expect(bar.get_by_role("link")).to_have_text("Compare 2 runs")
    page.get_by_label("Tick penguins").uncheck()
    expect(bar).to_contain_text("1 run ticked")
    expect(bar.get_by_role("link")).to_be_hidden()
    bar.get_by_role("button", name="Untick all").click()
    expect(bar).to_be_hidden()
    expect(page.get_by_label("Tick otter")).not_to_be_checked()


def test_all_runs_that_fit_are_ticked_at_once(page: Page, bar: Locator) -> None:
    every = page.get_by_label("Tick all runs that fit")
    assert every.evaluate("(box) => box.indeterminate")
    every.check()
    expect(bar).to_contain_text("3 runs ticked")
    every.uncheck()
    page.get_by_label("Filter runs").fill("heron")
    every.check()
    expect(bar).to_contain_text("1 run ticked")


def test_ticked_runs_are_pinned_and_unpinned(page: Page, bar: Locator) -> None:
    bar.get_by_role("button", name="Pin").click()
    expect(names(page)).to_have_text(["otter", "penguins", "heron"])
    bar.get_by_role("button", name="Unpin").click()
    expect(names(page)).to_have_text(["heron", "otter", "penguins"])


def test_tags_are_added_to_ticked_runs_and_taken_away(
    page: Page, server: RunningServer, bar: Locator
) -> None:
    bar.get_by_role("button", name="Tags").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Add tags").fill("new, <b>paper</b>")
    dialog.get_by_label("old").check()
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_have_count(0)
    assert run(server, "a")["tags"] == ["kept", "new", "<b>paper</b>"]
    assert run(server, "broken")["tags"] == ["demo", "new", "<b>paper</b>"]
    assert run(server, "b")["tags"] == []


def test_ticked_runs_are_deleted_once_it_is_confirmed(page: Page, bar: Locator) -> None:
    bar.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    for words in ("Delete 2 runs?", "penguins, otter", "2 diagnoses", "still run"):
        expect(dialog).to_contain_text(words)
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(names(page)).to_have_count(3)
    bar.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(names(page)).to_have_text(["heron"])
    expect(bar).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_bar_and_dialogs_have_no_barrier(page: Page, bar: Locator, axe: str, theme: str) -> None:
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    assert barriers(page, axe) == []
    bar.get_by_role("button", name="Tags").click()
    assert barriers(page, axe) == []
