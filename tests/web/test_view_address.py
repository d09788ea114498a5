"""The address of a run's page holds what is seen there."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from web.served import RunningServer, broken_run
from web.test_run_page import LOSS, opened

AXES = """(plot) => {
    const {xaxis, yaxis} = document.querySelector(plot).layout;
    return [xaxis.range, yaxis.type];
}"""


def test_a_link_shows_what_its_sender_saw(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    opened(page)
    page.get_by_role("button", name="Show step 37").click()
    page.get_by_label("Log y").check()
    page.get_by_label("Min–max band").uncheck()
    page.get_by_label("Smoothing").fill("0.5")
    page.get_by_role("button", name="Epoch").click()
    expect(page).to_have_url(re.compile(r"\?x=epoch&steps=0-97&smoothing=0.5&band=0&log=1$"))
    page.wait_for_function(f"(plot) => ({AXES})(plot)[0][1] < 6", arg=LOSS)
    seen = page.evaluate(AXES, LOSS)
    page.reload()
    page.wait_for_function(
        f"(plot) => document.querySelector(plot)?.data && ({AXES})(plot)[1] === 'log'", arg=LOSS
    )
    assert page.evaluate(AXES, LOSS) == seen
    expect(page.get_by_label("Smoothing")).to_have_value("0.5")
    expect(page.get_by_label("Min–max band")).not_to_be_checked()
    expect(page.get_by_role("button", name="Epoch")).to_have_attribute("aria-pressed", "true")


def test_the_usual_view_has_the_plain_address(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    page.goto("/runs/broken?steps=3-20")
    page.get_by_role("button", name="Show all steps").click()
    expect(page).to_have_url(f"{server.url}/runs/broken")


@pytest.mark.parametrize("wrong", ["steps=9-3&x=volts&smoothing=9", "steps=5000-6000"])
def test_an_address_that_cannot_be_shows_the_whole_run(
    page: Page, server: RunningServer, wrong: str
) -> None:
    broken_run(server.url)
    page.goto(f"/runs/broken?{wrong}")
    page.wait_for_function("(plot) => document.querySelector(plot)?.data?.length", arg=LOSS)
    page.wait_for_function(
        "(plot) => document.querySelector(plot).layout.xaxis.range[0] === 0", arg=LOSS
    )
    expect(page.get_by_role("button", name="Show all steps")).to_be_hidden()
