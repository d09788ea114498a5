"""What one does with the list of runs: narrow, sort, pin, rename, tag, delete, by keys too."""

from __future__ import annotations

import json
import urllib.request

import pytest
from playwright.sync_api import Locator, Page, expect

from nanwatch.events import RunEnded
from web.served import RunningServer, barriers, broken_run, healthy_run


def names(page: Page) -> Locator:
    return page.locator(".runs .name a")


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has_text=name)


def choose(page: Page, name: str, words: str) -> None:
    """Choose from a run's menu."""
    row(page, name).locator(".menu summary").click()
    row(page, name).get_by_role("button", name=words).click()


def three_runs(server: RunningServer) -> None:
    healthy_run(server.url, "a", "otter", tags=("x",)).send(RunEnded("finished"))
    healthy_run(server.url, "b", "heron", project="zoo", tags=("x", "y"))
    broken_run(server.url)


def test_filters_stand_in_the_address_and_come_back_from_it(
    page: Page, server: RunningServer
) -> None:
    three_runs(server)
    page.goto("/")
    expect(names(page)).to_have_count(3)
    page.get_by_label("All projects").select_option("zoo")
    expect(names(page)).to_have_text(["penguins", "heron"])
    page.get_by_label("Any health").select_option("ok")
    expect(names(page)).to_have_text(["heron"])
    expect(page).to_have_url(f"{server.url}/?health=ok&project=zoo")
    page.reload()
    expect(names(page)).to_have_text(["heron"])
    row(page, "heron").get_by_role("button", name="x", exact=True).click()
    expect(page).to_have_url(f"{server.url}/?health=ok&project=zoo&tag=x")
    page.get_by_label("All projects").select_option("")
    expect(names(page)).to_have_text(["heron", "otter"])


def test_a_head_sorts_and_says_so(page: Page, server: RunningServer) -> None:
    three_runs(server)
    page.goto("/")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(names(page)).to_have_text(["heron", "otter", "penguins"])
    head = page.get_by_role("columnheader", name="Run", exact=True)
    expect(head).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(names(page)).to_have_text(["penguins", "otter", "heron"])
    expect(page).to_have_url(f"{server.url}/?sort=name")


def test_a_pinned_run_goes_to_the_top_and_stays(page: Page, server: RunningServer) -> None:
    three_runs(server)
    page.goto("/")
    choose(page, "otter", "Pin to the top")
    expect(names(page)).to_have_text(["otter", "penguins", "heron"])
    page.reload()
    expect(names(page).first).to_have_text("otter")
    expect(page.get_by_title("Pinned").first).to_be_visible()


def test_a_run_is_renamed_and_tagged(page: Page, server: RunningServer) -> None:
    three_runs(server)
    page.goto("/")
    choose(page, "otter", "Rename")
    page.keyboard.type("<i>best</i>")
    page.keyboard.press("Enter")
    expect(names(page).last).to_have_text("<i>best</i>")
    choose(page, "<i>best</i>", "Edit tags")
    page.get_by_role("dialog").get_by_role("textbox").fill(" one,two , one,")
    page.get_by_role("button", name="Keep").click()
    expect(row(page, "best").locator(".tag")).to_have_text(["one", "two"])


def test_deleting_names_what_is_lost_and_can_be_called_off(
    page: Page, server: RunningServer
) -> None:
    three_runs(server)
    page.goto("/")
    choose(page, "penguins", "Delete")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("60 steps")
    expect(dialog).to_contain_text("2 diagnoses")
    expect(dialog).to_contain_text("Its training goes on")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(names(page)).to_have_count(3)
    choose(page, "penguins", "Delete")
    page.get_by_role("button", name="Delete for good").click()
    expect(names(page)).to_have_text(["heron", "otter"])


def test_the_list_is_used_with_keys_alone(page: Page, server: RunningServer) -> None:
    three_runs(server)
    page.goto("/")
    expect(names(page)).to_have_count(3)
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator("#compare")).to_have_text("Compare 2 runs")
    page.keyboard.press("p")
    expect(names(page).first).to_have_text("heron")
    page.keyboard.press("Delete")
    expect(page.get_by_role("dialog")).to_contain_text("Delete heron?")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("/")
    page.keyboard.type("xj")  # letters are letters there
    expect(page.locator("#filter")).to_have_value("xj")
    page.keyboard.press("Control+A")
    page.keyboard.press("Backspace")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(page).to_have_url(f"{server.url}/compare?runs=broken,b")


def test_a_loss_is_drawn_small_with_where_it_is_not_finite(
    page: Page, server: RunningServer
) -> None:
    three_runs(server)
    page.goto("/")
    expect(row(page, "otter").locator(".spark path")).to_have_count(1)
    expect(row(page, "otter").locator(".spark rect")).to_have_count(0)
    band = row(page, "penguins").locator(".spark rect")
    assert 55 < float(band.get_attribute("x") or "0") < 65  # 37 of 59 steps, 92 pixels


def test_what_another_page_changes_is_seen_here(page: Page, server: RunningServer) -> None:
    three_runs(server)
    page.goto("/")
    expect(page.locator("#live")).to_have_text("Live")
    body = json.dumps({"name": "renamed elsewhere"}).encode()
    headers = {"Content-Type": "application/json"}
    url = f"{server.url}/api/v1/runs/a"
    urllib.request.urlopen(urllib.request.Request(url, body, headers, method="PATCH"), timeout=10)
    expect(names(page).last).to_have_text("renamed elsewhere")


def test_the_tab_counts_running_runs_in_danger(page: Page, server: RunningServer) -> None:
    three_runs(server)
    page.goto("/")
    expect(page).to_have_title("(1) Runs · nanwatch")
    expect(page.locator("#favicon")).to_have_attribute("href", "/static/icons/critical.svg")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_menu_and_dialog_have_no_barrier(
    page: Page, server: RunningServer, axe: str, theme: str
) -> None:
    three_runs(server)
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.goto("/")
    choose(page, "otter", "Pin to the top")
    expect(names(page).first).to_have_text("otter")
    row(page, "heron").locator(".menu summary").click()
    assert barriers(page, axe) == []
    row(page, "heron").get_by_role("button", name="Delete").click()
    assert barriers(page, axe) == []
