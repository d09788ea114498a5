"""The settings in a real browser, before a real server that asks for a token."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from monitor.sinks import sink
from nanwatch import events
from web.served import RunningServer, SentRun, watch

HOSTILE = '<img src=x onerror="document.title=1">\u202e'


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[RunningServer]:
    """A server that asks for a token."""
    running = RunningServer(tmp_path, auth=True, webhook_allow=("127.0.0.1",))
    running.start()
    yield running
    running.stop()


def ask(server: RunningServer, path: str, body: object) -> Any:
    """POST as the owner."""
    headers = {"Authorization": f"Bearer {server.home.token()}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{server.url}{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def logged_in(context: BrowserContext, server: RunningServer, token: str) -> Page:
    page = context.new_page()
    page.goto("/login?next=/settings")
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="About")).to_be_visible()
    return page


@pytest.fixture
def settings(browser: Browser, guarded: RunningServer) -> Iterator[Page]:
    """The settings, as the owner sees them; nothing may be said on the console."""
    context = browser.new_context(base_url=guarded.url, reduced_motion="reduce")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = logged_in(context, guarded, guarded.home.token())
    problems = watch(page, guarded.url)
    yield page
    context.close()
    assert problems == []


def section(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def make_token(page: Page, name: str, scope: str = "write") -> None:
    tokens = section(page, "Tokens")
    tokens.get_by_label("Name").fill(name)
    tokens.get_by_label("Scope").select_option(scope)
    tokens.get_by_role("button", name="Make token").click()


def test_a_token_is_shown_once_copied_used_and_revoked(
    settings: Page, guarded: RunningServer
) -> None:
    make_token(settings, HOSTILE, "admin")
    tokens = section(settings, "Tokens")
    secret = tokens.get_by_label("The new token").inner_text()
    tokens.get_by_role("button", name="Copy").click()
    expect(tokens.get_by_role("button", name="Copied")).to_be_visible()
    assert settings.evaluate("navigator.clipboard.readText()") == secret
    settings.reload()
    expect(tokens.get_by_role("row").nth(1)).to_contain_text(HOSTILE)
    assert secret not in settings.content()
    assert settings.locator("main img").count() == 0
    tokens.get_by_role("button", name="Revoke").click()
    tokens.get_by_role("button", name="Sure?").click()
    expect(tokens.get_by_role("row").nth(1)).to_contain_text("revoked")


def test_a_token_can_be_kept_to_a_project_where_that_means_something(settings: Page) -> None:
    tokens = section(settings, "Tokens")
    tokens.get_by_label("Project").fill("zoo")
    make_token(settings, "gpu-04")
    expect(tokens.get_by_role("row").nth(1)).to_contain_text("write, zoo only")
    tokens.get_by_label("Scope").select_option("read")
    expect(tokens.get_by_label("Project")).to_be_disabled()


def add_channel(page: Page, name: str, target: str) -> Locator:
    """Fill in the form; the line of the new channel."""
    channels = section(page, "Channels")
    channels.get_by_label("Name").fill(name)
    channels.get_by_label("URL", exact=True).fill(target)
    channels.get_by_role("button", name="Add channel").click()
    return channels.get_by_role("row").filter(has_text=name)


def test_a_channel_is_added_tested_switched_off_and_deleted(settings: Page) -> None:
    expect(section(settings, "Channels")).to_contain_text("Nobody is told yet")
    with sink(200) as receiver:
        line = add_channel(settings, HOSTILE, receiver.url)
        line.get_by_role("button", name="Test").click()
        expect(line.locator(".tried.yes")).to_contain_text("Delivered: HTTP 200 in")
        assert len(receiver.received) == 1
    assert "key=1" not in settings.content()
    with settings.expect_response(lambda answer: answer.request.method == "PATCH"):
        line.get_by_role("checkbox").uncheck()
    settings.reload()
    expect(line.get_by_role("checkbox")).not_to_be_checked()
    line.get_by_role("button", name="Delete").click()
    line.get_by_role("button", name="Sure?").click()
    expect(section(settings, "Channels")).to_contain_text("Nobody is told yet")


def test_a_test_that_fails_says_why(settings: Page) -> None:
    with sink(500) as receiver:
        line = add_channel(settings, "team", receiver.url)
        line.get_by_role("button", name="Test").click()
        expect(line.locator(".tried.no")).to_contain_text("Failed: HTTP 500")


def test_the_delivery_log_of_an_alert_shows_what_was_sent(
    settings: Page, guarded: RunningServer
) -> None:
    run = SentRun(guarded.url, "broken", guarded.home.token())
    with sink(200) as receiver:
        expect(add_channel(settings, "team", receiver.url)).to_be_visible()
        told = events.Diagnosis("nan_loss", "critical", 7)
        run.send(events.RunStarted("broken", "zoo"), events.Diagnosed(told))
        settings.goto("/alerts")
        settings.get_by_text("1 sent").click(timeout=15_000)
        entry = settings.locator(".attempts tbody tr")
        expect(entry).to_contain_text("team webhook")
        expect(entry).to_contain_text("sent HTTP 200")


def test_what_was_done_is_listed(settings: Page) -> None:
    make_token(settings, "gpu-04")
    expect(section(settings, "Tokens").get_by_label("The new token")).to_be_visible()
    settings.reload()
    audit = section(settings, "Audit")
    expect(audit.get_by_role("row").nth(1)).to_contain_text("token 1 (gpu-04), write")


def test_how_long_runs_are_kept_is_decided(settings: Page) -> None:
    retention = section(settings, "Retention")
    retention.get_by_label("Thin points after").fill("30")
    retention.get_by_role("button", name="Save").click()
    expect(retention).to_contain_text("Saved.")
    settings.reload()
    expect(retention.get_by_label("Thin points after")).to_have_value("30")
    expect(retention.get_by_label("Delete runs after")).to_have_value("")


def test_the_server_says_what_it_is(settings: Page) -> None:
    about = section(settings, "About")
    expect(about).to_contain_text("nanwatch 0.")
    expect(about).to_contain_text("0 runs")
    expect(about).to_contain_text("A token is asked for")


def test_who_may_only_look_is_told_so(browser: Browser, guarded: RunningServer) -> None:
    made = ask(guarded, "/api/v1/tokens", {"name": "viewer", "scope": "read"})
    context = browser.new_context(base_url=guarded.url)
    page = logged_in(context, guarded, made["token"])
    expect(section(page, "About")).to_contain_text("Look at everything, change nothing")
    channels = section(page, "Channels")
    channels.get_by_label("Name").fill("mine")
    channels.get_by_label("URL", exact=True).fill("https://example.org")
    channels.get_by_role("button", name="Add channel").click()
    for closed in ("Channels", "Tokens", "Audit"):
        expect(section(page, closed)).to_contain_text("Its scope is read, and this needs admin")
    context.close()
