"""Runs side by side in a real browser, before a real server."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from web.served import NAN_STEP, STEPS, RunningServer, broken_run, healthy_run

HOSTILE = '<img src=x onerror="document.title=1">'


def opened(page: Page, query: str = "runs=broken,healthy") -> None:
    page.goto(f"/compare?{query}")
    page.wait_for_function("() => document.querySelector('.plot')?.data?.length")


def lines(page: Page) -> dict[str, dict[str, Any]]:
    """The curves by name: where they begin and end, and their colour."""
    drawn = page.evaluate(
        """() => document.querySelector(".plot").data.filter(({line}) => line)
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
    expect(page.locator("#toolbar [role=status]")).to_contain_text("calm-otter-17")
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


def test_many_differences_are_folded_until_they_are_asked_for(
    page: Page, server: RunningServer
) -> None:
    broken_run(server.url)
    healthy_run(server.url, config={f"option_{key}": key for key in range(40)})
    opened(page)
    rows = page.locator(".compared tr").filter(has_text="option_")
    expect(rows).to_have_count(15)  # 16 with the seed
    page.get_by_role("button", name="Show 25 more").click()
    expect(rows).to_have_count(40)


def test_runs_are_laid_over_each_other_by_the_time_since_their_first_step(
    page: Page, server: RunningServer
) -> None:
    broken_run(server.url).points(range(STEPS), time=[1e9 + 2 * step for step in range(STEPS)])
    healthy_run(server.url).points(range(30), time=[2e9 + 10 * step for step in range(30)])
    opened(page, "runs=broken,healthy&align=time")
    drawn = lines(page)
    assert drawn["penguins"]["x"][:3] == pytest.approx([0, 2 / 60, 4 / 60])
    assert drawn["calm-otter-17"]["x"][-1] == pytest.approx(290 / 60)
    row = page.locator(".compared tr").filter(has_text="Time to it")
    expect(row.locator("td")).to_have_text(["1 min 14 s", "–"])


def test_a_run_that_goes_on_is_followed(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    run = healthy_run(server.url)
    opened(page)
    expect(page.locator("#live")).to_have_text("Live")
    run.points([30, 31], batch__loss=[0.5, 0.25])
    page.wait_for_function(
        """() => document.querySelector(".plot").data
            .find(({name}) => name === "calm-otter-17").x.at(-1) === 31"""
    )
    steps = page.locator(".compared tr").filter(has_text="Steps").locator("td")
    expect(steps).to_have_text([str(STEPS), "32"])


def test_zooming_fetches_finer_and_stands_in_the_address(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    healthy_run(server.url)
    opened(page)
    box = page.locator(".plot .nsewdrag[data-subplot=xy]").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 100, steps=4)
    with page.expect_response(lambda answer: "from=" in answer.url) as answered:
        page.mouse.up()
    assert "/overview?name=batch%2Floss" in answered.value.url
    page.wait_for_url("**&x=*..*")
    low, high = map(float, page.url.partition("&x=")[2].split(".."))
    assert 8 < low < high < 28
    page.reload()
    page.wait_for_function(
        "(low) => Math.abs(document.querySelector('.plot')?.layout?.xaxis.range[0] - low) < 0.01",
        arg=low,
    )
    page.get_by_role("button", name="Show all").click()
    expect(page).to_have_url(f"{server.url}/compare?runs=broken,healthy")


def test_smoothing_is_kept_in_the_address(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    opened(page, "runs=broken&smoothing=0.9")
    ys = page.evaluate("() => [...document.querySelector('.plot').data[0].y]")
    assert ys[0] == pytest.approx(1.2)
    assert ys[5] > 1.0 / 6 + 0.2 + 0.1


def test_losses_that_span_many_powers_get_a_log_axis_until_the_reader_chooses(
    page: Page, server: RunningServer
) -> None:
    broken_run(server.url)
    healthy_run(server.url).points(range(30, 40), batch__loss=[10.0**i for i in range(10)])
    opened(page)
    kind = "document.querySelector('.plot').layout.yaxis.type"
    page.wait_for_function(f"() => {kind} === 'log'")
    tick = page.get_by_label("Log y")
    expect(tick).to_be_checked()
    expect(page).to_have_url(f"{server.url}/compare?runs=broken,healthy")
    tick.uncheck()
    page.wait_for_function(f"() => {kind} === 'linear'")
    expect(page).to_have_url(f"{server.url}/compare?runs=broken,healthy&log=0")
    page.reload()
    page.wait_for_function(f"() => document.querySelector('.plot')?.layout && {kind} === 'linear'")


def test_compared_losses_are_read_as_a_table(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    healthy_run(server.url)
    opened(page)
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Show as table").click()
    table = page.get_by_role("region", name="Data of the losses")
    expect(table).to_be_focused()
    expect(table.get_by_role("row").filter(has_text="penguins").first).to_contain_text("0 to")
    expect(table.get_by_role("row").filter(has_text="calm-otter-17").first).to_be_visible()


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
