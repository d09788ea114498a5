"""Runs side by side in a real browser, before a real server."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Page, expect

from web.served import NAN_STEP, STEPS, RunningServer, broken_run, healthy_run

HOSTILE = '<img src=x onerror="document.title=1">'


def opened(page: Page, query: str = "runs=broken,healthy") -> None:
    page.goto(f"/compare?{query}")
    page.wait_for_function("() => document.querySelector('.plot')?.data?.length")


def lines(page: Page) -> dict[str, dict[str, Any]]:
    """The curves by name: where they begin and end, and their colour."""
    drawn = page.evaluate(
        """() => document.querySelector(".plot").data.filter((trace) => trace.mode !== "markers")
            .map(({name, x, line}) => ({name, x: [...x], color: line.color}))"""
    )
    return {line["name"]: line for line in drawn}


def test_losses_lie_over_one_another_in_colours_of_their_own(
    page: Page, server: RunningServer
) -> None:
    broken_run(server.url)
    healthy_run(server.url)
    opened(page)
    drawn = lines(page)
    assert drawn["penguins"]["x"] == list(range(STEPS))
    assert drawn["calm-otter-17"]["x"] == list(range(30))
    assert drawn["penguins"]["color"] != drawn["calm-otter-17"]["color"]


def test_at_the_divergence_all_runs_fail_at_zero(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    broken_run(server.url, "again")
    healthy_run(server.url)
    opened(page, "runs=broken,again,healthy")
    page.get_by_role("button", name="Divergence").click()
    expect(page.get_by_role("status")).to_contain_text("calm-otter-17")
    assert {line["x"][0] for line in lines(page).values()} == {-NAN_STEP}
    marks = page.evaluate(
        """() => document.querySelector(".plot").data.filter(({name}) => name === "NaN")
            .map(({x}) => x[0])"""
    )
    assert marks == [0, 0]
    expect(page).to_have_url(f"{server.url}/compare?runs=broken,again,healthy&align=divergence")
    page.reload()
    expect(page.get_by_role("button", name="Divergence")).to_have_attribute("aria-pressed", "true")


def test_the_table_tells_what_differs_and_the_time_to_nan(
    page: Page, server: RunningServer
) -> None:
    broken_run(server.url)
    healthy_run(server.url, config={"seed": 8})
    opened(page)
    row = page.locator(".compared tr")
    expect(row.filter(has_text="First loss that is not finite").locator("td")).to_have_text(
        [f"step {NAN_STEP}, epoch 2, batch 17", "none"]
    )
    expect(row.filter(has_text="seed").locator("td")).to_have_text(["7", "8"])
    expect(row.filter(has_text="batch_size")).to_have_count(0)


def test_a_hostile_name_is_text(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    healthy_run(server.url, "healthy", HOSTILE)
    opened(page)
    expect(page.locator(".compared thead a").last).to_have_text(HOSTILE)
    page.locator(".plot").hover()
    assert page.locator("main img").count() == 0


def test_nothing_to_compare_says_what_to_do(page: Page) -> None:
    page.goto("/compare")
    expect(page.locator("#body")).to_contain_text("Tick two or more in the list of runs")


def test_a_run_that_is_gone_is_named_and_the_others_are_shown(
    browser: Browser, server: RunningServer
) -> None:
    broken_run(server.url)
    page = browser.new_page(base_url=server.url)  # not watched: the browser itself logs the 404
    opened(page, "runs=broken,nobody")
    expect(page.locator("#banner")).to_contain_text("nobody")
    expect(page.locator(".compared thead a")).to_have_text(["penguins"])
    page.close()
