"""Every chart can be read as a table."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from web.served import NAN_STEP, RunningServer, broken_run
from web.test_run_page import opened

BARRIERS = "(rules) => axe.run('.chart', {runOnly: rules}).then((found) => found.violations)"


def test_a_chart_is_read_as_a_table_with_the_keyboard_alone(
    page: Page, server: RunningServer, axe: str
) -> None:
    broken_run(server.url)
    opened(page)
    chart = page.locator("[data-chart='key:loss']")
    chart.locator(".menu summary").focus()
    for key in ("Enter", "Tab", "Tab", "Tab", "Tab", "Enter"):
        page.keyboard.press(key)
    region = page.get_by_role("region", name="Data of Loss")
    expect(region).to_be_focused()
    expect(region.get_by_role("row", name="val_loss epoch 2 0.5")).to_be_visible()
    bad = region.get_by_role("row").filter(has_text="loss").filter(has_text=f"{NAN_STEP} to")
    expect(bad.first).to_contain_text("–")
    page.evaluate(axe)
    assert page.evaluate(BARRIERS, ["wcag2a", "wcag2aa", "best-practice"]) == []


def test_a_table_is_hidden_again(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    opened(page)
    menu = page.locator("[data-chart='key:loss'] .menu")
    menu.locator("summary").click()
    menu.get_by_role("button", name="Show as table").click()
    table = page.get_by_role("region", name="Data of Loss")
    expect(table).to_be_focused()  # which closes any menu
    menu.locator("summary").click()
    menu.get_by_role("button", name="Hide table").click()
    expect(table).to_be_hidden()
