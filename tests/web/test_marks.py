"""From a mark on the curves to the card that tells of it, and back."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from nanwatch.events import Cause, Diagnosed, Diagnosis
from web.served import NAN_STEP, STEPS, RunningServer, broken_run
from web.test_run_page import LOSS, opened, settled


def test_card_and_curve_lead_to_one_another(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    opened(page)
    settled(page)
    card = page.get_by_role("article").filter(has_text="nan_in_features")
    page.locator(f"{LOSS} .annotation-text").filter(has_text="NaN from").click()
    expect(card).to_be_focused()
    card.get_by_role("button", name=f"Show step {NAN_STEP}").click()
    page.wait_for_function(
        f"(plot) => document.querySelector(plot).layout.xaxis.range[1] === {NAN_STEP} + 60",
        arg=LOSS,
    )
    page.get_by_role("button", name="Show all steps").click()
    page.wait_for_function(
        f"(plot) => document.querySelector(plot).layout.xaxis.range[1] < {STEPS} + 5", arg=LOSS
    )


def test_a_mark_on_the_rail_leads_to_the_card(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    opened(page)
    settled(page)
    at = page.eval_on_selector(
        LOSS,
        """(plot, step) => {
            const {left, top} = plot.getBoundingClientRect();
            const {xaxis, yaxis3} = plot._fullLayout;
            return [left + xaxis._offset + xaxis.c2p(step), top + yaxis3._offset + yaxis3.c2p(0)];
        }""",
        NAN_STEP,
    )
    page.mouse.move(*at)
    page.mouse.click(*at)
    expect(page.get_by_role("article").filter(has_text="nan_in_features")).to_be_focused()


def test_a_mark_of_another_diagnosis_leads_to_its_own_card(
    page: Page, server: RunningServer
) -> None:
    spike = Diagnosis("loss_spike", "warning", 12, (Cause("corrupt_batch", 0.6, "Odd targets."),))
    broken_run(server.url).send(Diagnosed(spike))
    opened(page)
    settled(page)
    page.wait_for_function(
        "(plot) => document.querySelector(plot).data.some(({name}) => name === 'Alerts')", arg=LOSS
    )
    at = page.eval_on_selector(
        LOSS,
        """(plot) => {
            const {left, top} = plot.getBoundingClientRect();
            const {xaxis, ...axes} = plot._fullLayout;
            const rail = plot.data.find(({name}) => name === "Alerts").yaxis;
            const y = axes[rail.replace("y", "yaxis")];
            return [left + xaxis._offset + xaxis.c2p(12), top + y._offset + y.c2p(0)];
        }""",
    )
    page.mouse.move(*at)
    page.mouse.click(*at)
    expect(page.get_by_role("article").filter(has_text="Loss jumps at step 12")).to_be_focused()
