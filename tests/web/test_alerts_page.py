"""The inbox of alerts in a real browser, before a real server."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from nanwatch import events
from web.served import NAN_STEP, RunningServer, SentRun, broken_run

HOSTILE = '<img src=x onerror="document.title=1">\u202e"><script>alert(1)</script>'
SPIKE = events.Diagnosis("loss_spike", "warning", 3, (events.Cause("corrupt_batch", 0.8, HOSTILE),))


def spiking_run(url: str, run_id: str, name: str = "spiky", project: str = "digits") -> SentRun:
    """A run of which one warning is told."""
    run = SentRun(url, run_id)
    run.send(events.RunStarted(name, project), events.Diagnosed(SPIKE))
    return run


def alerts(page: Page, n: int) -> Locator:
    """The lines of the inbox, once there are so many."""
    lines = page.locator(".alert")
    expect(lines).to_have_count(n)
    return lines


def press(line: Locator, *keys: str) -> None:
    line.focus()
    for key in keys:
        line.page.keyboard.press(key)


def test_an_empty_inbox_says_that_all_is_well(page: Page) -> None:
    page.goto("/alerts")
    expect(page.get_by_role("heading", name="Nothing is open")).to_be_visible()
    page.get_by_role("button", name="Show all alerts").click()
    expect(page.get_by_role("heading", name="No alert yet")).to_be_visible()
    expect(page).to_have_url(re.compile("state=all"))


def test_what_has_the_focus_in_an_empty_inbox_keeps_it(page: Page, server: RunningServer) -> None:
    page.goto("/alerts?state=resolved")
    expect(page.locator("#live")).to_have_text("Live")
    button = page.get_by_role("button", name="Show all alerts")
    button.focus()
    spiking_run(server.url, "spiky")
    expect(page.locator("#open-alerts")).to_have_text("1")
    expect(button).to_be_focused()


def test_an_alert_appears_without_reload_and_leads_to_the_failure(
    page: Page, server: RunningServer
) -> None:
    page.goto("/alerts")
    expect(page.locator("#live")).to_have_text("Live")
    broken_run(server.url)
    line = page.locator(".alert").filter(has_text=f"at step {NAN_STEP}")
    expect(line).to_contain_text("NaN in the training inputs: Two rows of the batch hold NaN.")
    expect(page.locator("#open-alerts")).not_to_be_empty()
    line.get_by_role("link", name="penguins").click()
    expect(page).to_have_url(re.compile(r"/runs/broken\?steps=0-97#diagnosis-\d+"))
    expect(page.locator(".diag.found")).to_contain_text("Loss is not finite")


def test_states_are_changed_and_taken_back(page: Page, server: RunningServer) -> None:
    spiking_run(server.url, "spiky")
    page.goto("/alerts")
    alerts(page, 1).get_by_role("button", name="Acknowledge").click()
    alerts(page, 0)
    expect(page.locator("#said")).to_contain_text("Acknowledged: Loss spike of spiky.")
    page.get_by_role("button", name="Undo").click()
    alerts(page, 1).get_by_role("button", name="Resolve").click()
    page.get_by_role("button", name="Resolved", exact=True).click()
    expect(alerts(page, 1)).to_contain_text("Resolved just now")
    alerts(page, 1).get_by_role("button", name="Reopen").click()
    page.get_by_role("button", name="Open", exact=True).click()
    alerts(page, 1)


def test_an_alert_is_muted_until_it_gets_worse(page: Page, server: RunningServer) -> None:
    spiking_run(server.url, "spiky")
    page.goto("/alerts")
    line = alerts(page, 1)
    line.get_by_text("Mute", exact=True).click()
    line.get_by_role("button", name="Until it gets worse").click()
    expect(line).to_contain_text("Muted until worse")
    line.get_by_role("button", name="Unmute").click()
    expect(line).not_to_contain_text("Muted")


def test_many_alike_are_muted_until_they_get_worse(page: Page, server: RunningServer) -> None:
    for number in range(5):
        spiking_run(server.url, f"spiky-{number}")
    page.goto("/alerts")
    fold = page.locator(".fold")
    fold.get_by_text("Mute", exact=True).click()
    fold.get_by_role("button", name="Until it gets worse").click()
    expect(fold.locator("summary").last).to_contain_text("Muted until worse")
    fold.get_by_role("button", name="Unmute all").click()
    expect(fold).not_to_contain_text("Muted")


def test_the_keyboard_alone_moves_acts_and_opens(page: Page, server: RunningServer) -> None:
    for name in ("first", "second", "third"):
        spiking_run(server.url, name, name)
    page.goto("/alerts")
    lines = alerts(page, 3)
    press(lines.first, "j")
    expect(lines.nth(1)).to_be_focused()
    press(lines.nth(1), "a")
    alerts(page, 2)
    expect(lines.nth(1)).to_be_focused()
    press(lines.nth(1), "k", "m", "Tab", "Enter")
    expect(lines.first).to_contain_text("Muted until worse")
    press(lines.first, "Enter")
    expect(page).to_have_url(re.compile("/runs/third"))


def test_the_address_holds_the_filters(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    spiking_run(server.url, "spiky")
    page.goto("/alerts?severity=warning")
    expect(alerts(page, 1)).to_contain_text("spiky")
    page.get_by_label("Severity").select_option("Any severity")
    page.get_by_label("Project").select_option("zoo")
    expect(page.locator(".alert").first).to_contain_text("penguins")
    page.reload()
    expect(page.get_by_label("Project")).to_have_value("zoo")
    page.goto("/alerts?run=spiky")
    alerts(page, 1)
    page.get_by_role("button", name="Only one run").click()
    expect(page.locator(".alert").nth(1)).to_be_visible()


def test_many_alike_are_one_line_that_opens_and_is_acted_on_as_one(
    page: Page, server: RunningServer
) -> None:
    for number in range(5):
        spiking_run(server.url, f"run-{number}", f"run-{number}")
    page.goto("/alerts")
    fold = page.locator(".fold")
    expect(fold).to_contain_text("5 runs")
    alerts(page, 0)
    fold.locator("> details > summary").click()
    alerts(page, 5)
    fold.get_by_role("button", name="Resolve all").click()
    expect(page.get_by_role("heading", name="Nothing is open")).to_be_visible()
    expect(page.locator("#said")).to_contain_text("Resolved: Loss spike of 5 runs.")


def test_a_symptom_of_a_project_is_muted_as_a_whole(page: Page, server: RunningServer) -> None:
    for number in range(5):
        spiking_run(server.url, f"run-{number}")
    page.goto("/alerts")
    page.locator(".fold .mute summary").click()
    page.get_by_role("button", name="For 1 hour").click()
    expect(page.locator("#said")).to_contain_text("Loss spike in digits")
    page.goto("/settings")
    mutes = page.get_by_role("region", name="Mutes, latest first")
    expect(mutes).to_contain_text("Loss spike, project digits")
    mutes.get_by_role("button", name="End").click()
    mutes.get_by_role("button", name="Sure?").click()
    expect(page.locator("#mutes")).to_contain_text("Nothing is muted")


def test_the_delivery_log_says_that_nothing_was_sent(page: Page, server: RunningServer) -> None:
    spiking_run(server.url, "spiky")
    page.goto("/alerts")
    line = alerts(page, 1)
    line.get_by_text("No message").click()
    expect(line.get_by_role("link", name="Channels")).to_be_visible()


def test_a_hostile_name_is_text(page: Page, server: RunningServer) -> None:
    spiking_run(server.url, "evil", HOSTILE, "<b>p</b>")
    page.goto("/alerts")
    expect(alerts(page, 1)).to_contain_text("<b>p</b>")
    assert page.locator("main img, main script, main b b").count() == 0


def test_a_lost_server_is_said_and_the_list_stays(page: Page, server: RunningServer) -> None:
    spiking_run(server.url, "spiky")
    page.goto("/alerts")
    alerts(page, 1)
    server.stop()
    expect(page.locator("#banner")).to_contain_text("Reconnecting")
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.locator("#said")).to_contain_text("cannot be reached")
    alerts(page, 1)
    server.start()
    expect(page.locator("#live")).to_have_text("Live", timeout=15_000)


@pytest.mark.parametrize("answer", ["Yes", "No"])
def test_whether_a_diagnosis_was_right_is_kept(
    page: Page, server: RunningServer, answer: str
) -> None:
    spiking_run(server.url, "spiky")
    page.goto("/runs/spiky")
    said = page.get_by_role("group", name="Was this right?").get_by_role("button", name=answer)
    said.click()
    expect(said).to_have_attribute("aria-pressed", "true")
    expect(said).to_be_focused()
    page.reload()
    expect(said).to_have_attribute("aria-pressed", "true")
    said.click()
    expect(said).to_have_attribute("aria-pressed", "false")


def test_a_card_is_acted_on_and_follows_what_is_done_elsewhere(
    page: Page, server: RunningServer
) -> None:
    spiking_run(server.url, "spiky")
    page.goto("/runs/spiky")
    card = page.get_by_role("article")
    card.get_by_role("button", name="Resolve").click()
    expect(card.locator(".pills")).to_contain_text("Resolved")
    other = page.context.new_page()
    other.goto("/alerts?state=resolved")
    other.get_by_role("button", name="Reopen").click()
    alerts(other, 0)  # a page that is closed takes back what it has not sent yet
    other.close()
    expect(card.get_by_role("button", name="Acknowledge")).to_be_visible()


def test_no_more_is_drawn_than_can_be_read(page: Page, server: RunningServer) -> None:
    for number in range(105):
        spiking_run(server.url, f"run-{number}", project=f"project-{number}")
    page.goto("/alerts")
    alerts(page, 100)
    expect(page.locator("#count")).to_have_text("105 alerts")
    page.get_by_role("button", name="Show older").click()
    alerts(page, 105)
    expect(page.get_by_role("button", name="Show older")).to_be_hidden()
