"""The page of one run in a real browser, before a real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import APIResponse, Browser, Page, Route, expect

from nanwatch.events import Points
from servers import wait_for
from web.served import EPOCH, NAN_STEP, STEPS, RunningServer, broken_run, healthy_run

LOSS = "[data-chart='key:loss'] .plot"
NORM = "[data-chart='key:grad_norm'] .plot"


def opened(page: Page, run_id: str = "broken") -> None:
    page.goto(f"/runs/{run_id}")
    page.wait_for_function("(plot) => document.querySelector(plot)?.data?.length", arg=LOSS)
    page.locator(f"{LOSS} .nsewdrag[data-subplot=xy]").wait_for(state="attached")


def settled(page: Page) -> None:
    """Wait for what the page of a broken run shows last: what surrounds its failure."""
    expect(page.locator("#facts")).to_contain_text(f"at step {NAN_STEP - 1}")


def traces(page: Page, plot: str = LOSS) -> dict[str, dict[str, Any]]:
    """What is drawn, the first of each name: x, y, custom data and axis."""
    drawn = page.eval_on_selector(
        plot,
        """(plot) => plot.data.map(({name, x, y, customdata, yaxis, connectgaps}) =>
            ({name, x: [...x], y: [...y], customdata, yaxis, connectgaps}))""",
    )
    return {trace["name"]: trace for trace in reversed(drawn)}


def test_the_report_is_one_file_to_keep(page: Page, server: RunningServer, tmp_path: Path) -> None:
    broken_run(server.url)
    opened(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download report").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert (file.suffix, "Curves" in file.read_text()) == (".html", True)


def test_points_arrive_without_reload(page: Page, server: RunningServer) -> None:
    run = healthy_run(server.url)
    opened(page, "healthy")
    expect(page.locator("#live")).to_have_text("Live")
    run.points([30, 31], batch__loss=[0.5, 0.25])
    page.wait_for_function(
        "(plot) => document.querySelector(plot).data.find((t) => t.name === 'loss').x.includes(31)",
        arg=LOSS,
    )
    assert traces(page)["loss"]["y"][-2:] == [0.5, 0.25]


def test_a_series_that_begins_later_gets_its_chart(page: Page, server: RunningServer) -> None:
    run = healthy_run(server.url)
    opened(page, "healthy")
    expect(page.locator("#live")).to_have_text("Live")
    run.points([30], batch__accuracy=[0.5])
    expect(page.get_by_role("heading", name="Accuracy")).to_be_visible()


def test_no_height_is_invented_for_what_is_not_finite(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    opened(page)
    drawn = traces(page)
    assert drawn["loss"]["x"] == list(range(STEPS))
    assert drawn["loss"]["y"][:NAN_STEP] == [1.0 / (1 + i) + 0.2 for i in range(NAN_STEP)]
    assert set(drawn["loss"]["y"][NAN_STEP:]) == {None}
    assert not drawn["loss"]["connectgaps"]
    assert drawn["NaN"]["yaxis"] != drawn["loss"].get("yaxis")
    assert drawn["NaN"]["x"][0] == NAN_STEP


def test_infinite_gradients_have_a_rail_of_their_own(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    opened(page)
    page.wait_for_function("(plot) => document.querySelector(plot)?.data?.length", arg=NORM)
    assert traces(page, NORM)["+Inf"]["x"][0] == NAN_STEP


def test_the_band_begins_at_the_exact_step(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    opened(page)
    shapes = page.eval_on_selector(
        LOSS, "(plot) => plot.layout.shapes.map(({name, x0}) => [name, x0])"
    )
    assert ["failure", NAN_STEP] in shapes
    assert ["failure band", NAN_STEP] in shapes
    label = page.locator(f"{LOSS} .annotation-text", has_text=f"NaN from step {NAN_STEP}")
    expect(label).to_contain_text(f"epoch 2, batch {NAN_STEP - EPOCH}")


def test_validation_stands_where_its_epoch_ended(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    opened(page)
    val = traces(page)["val_loss"]
    assert val["x"] == [EPOCH - 1, 2 * EPOCH - 1, 3 * EPOCH - 1]
    assert val["y"] == [0.6, 0.5, None]


def test_the_card_tells_cause_place_evidence_and_change(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    opened(page)
    card = page.get_by_role("article").filter(has_text="nan_in_features")
    for words in (
        f"Loss is not finite from step {NAN_STEP}",
        "Two rows of the batch hold NaN.",
        "97%",
        "#3, #9 in the batch",
        "bill_mm (#2)",
        "2 of 32",
        "The fix held in a replay",
        "Full autopsy",
        "1 other suspect",
    ):
        expect(card).to_contain_text(words)
    expect(card.locator(".del")).to_have_text("- model.fit(x, y)")
    expect(card.locator(".add")).to_have_text("+ model.fit(x[ok], y[ok])")


def test_a_double_click_shows_the_whole_run_again(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    opened(page, "broken?steps=0-97")
    settled(page)
    shown = "(plot) => document.querySelector(plot)?.layout?.xaxis.range[1]"
    for plot in (LOSS, NORM):  # to draw them between the clicks would make two of one
        page.wait_for_function(f"(plot) => ({shown})(plot) === 97", arg=plot)
    page.locator(f"{LOSS} .nsewdrag[data-subplot=xy]").dblclick(position={"x": 300, "y": 150})
    page.wait_for_function(f"(plot) => ({shown})(plot) < {STEPS} + 5", arg=LOSS)


def test_many_layers_are_folded_and_cost_nothing_until_opened(
    page: Page, server: RunningServer
) -> None:
    run = healthy_run(server.url)
    layers = {f"layer/dense_{i}/grad_norm": np.arange(1.0, 4.0) for i in range(30)}
    run.send(Points(np.arange(3), layers))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    opened(page, "healthy")
    chart = page.locator("[data-chart='layer:grad_norm']")
    chart.scroll_into_view_if_needed()
    assert not any("dense_" in url for url in asked)
    chart.get_by_text("Show 30 layers").click()
    drawn = "(plot) => document.querySelector(plot)?.data"
    page.wait_for_function(
        f"{drawn}?.[0]?.z?.length === 30", arg="[data-chart='layer:grad_norm'] .plot"
    )
    chart.get_by_role("button", name="Heat map").click()
    page.wait_for_function(
        f"{drawn}?.[0]?.type === 'scatter'", arg="[data-chart='layer:grad_norm'] .plot"
    )


def test_names_of_series_are_text(page: Page, server: RunningServer) -> None:
    run = healthy_run(server.url)
    evil = "<img src=x onerror=alert(1)><a href='https://x.example'>y</a>"
    columns = {f"layer/{evil}/grad_norm": np.ones(2), f"batch/{evil}": np.ones(2)}
    run.send(Points(np.arange(2), columns))
    opened(page, "healthy")
    chart = page.locator(".chart").filter(has_text="<img src=x").first
    expect(chart).to_be_visible()
    page.locator(LOSS).hover()
    assert page.locator("main img").count() == 0
    assert page.locator("main a[href*='x.example']").count() == 0


def test_zooming_moves_all_charts_and_fetches_finer(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    opened(page)
    box = page.locator(f"{LOSS} .nsewdrag[data-subplot=xy]").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.25, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, middle, steps=4)
    with page.expect_response(lambda answer: "overview" in answer.url and "from=" in answer.url):
        page.mouse.up()
    for plot in (LOSS, NORM):
        page.wait_for_function(
            "(plot) => document.querySelector(plot)?.layout?.xaxis.range[0] > 5", arg=plot
        )
    expect(page.locator(".hint")).to_contain_text("Steps 1")


def test_the_steps_around_the_failure_are_exact(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    opened(page)
    rows = page.locator("#steps tbody tr")
    expect(rows).to_have_count(9)
    expect(page.locator("#steps tr.first")).to_contain_text(f"{NAN_STEP}2, 17NaN")
    expect(page.locator("#facts")).to_contain_text(f"at step {NAN_STEP - 1}")


def test_the_tab_tells_the_health(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    opened(page)
    expect(page).to_have_title("Loss not finite · penguins · nanwatch")
    expect(page.locator("#favicon")).to_have_attribute("href", "/static/icons/critical.svg")


def test_a_diagnosis_appears_while_one_watches(page: Page, server: RunningServer) -> None:
    run = healthy_run(server.url)
    opened(page, "healthy")
    expect(page.locator("#live")).to_have_text("Live")
    run.points([30], batch__loss=[float("nan")])
    expect(page.get_by_role("article")).to_contain_text("Loss is not finite from step 30")
    expect(page.locator("#alerts")).to_contain_text("Loss not finite")
    expect(page.locator("#steps tr.first")).to_contain_text("NaN")
    run.points([31, 32, 33], batch__loss=[float("nan")] * 3)
    expect(page.locator("#steps tbody tr")).to_have_count(9)


def test_an_older_answer_that_comes_late_takes_no_step_away(
    page: Page, server: RunningServer
) -> None:
    late: list[tuple[Route, APIResponse]] = []
    run = healthy_run(server.url)
    opened(page, "healthy")
    expect(page.locator("#live")).to_have_text("Live")
    page.route(
        "**/points?name=batch%2Floss*",
        lambda route: route.continue_() if late else late.append((route, route.fetch())),
    )
    run.points([30], batch__loss=[float("nan")])
    wait_for(lambda: late or page.wait_for_timeout(50))
    run.points([31, 32, 33], batch__loss=[float("nan")] * 3)
    rows = page.locator("#steps tbody tr")
    expect(rows).to_have_count(9)
    route, answer = late[0]
    with page.expect_response(lambda each: each.request == route.request) as come:
        route.fulfill(response=answer)
    come.value.finished()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    expect(rows).to_have_count(9)


def test_a_restarted_server_is_found_again_and_the_gap_is_filled(
    page: Page, server: RunningServer
) -> None:
    run = healthy_run(server.url)
    opened(page, "healthy")
    expect(page.locator("#live")).to_have_text("Live")
    server.stop()
    expect(page.locator("#live")).to_have_text("Reconnecting")
    server.start()
    run.points([30, 31, 32], batch__loss=[0.3, 0.2, 0.1])
    expect(page.locator("#live")).to_have_text("Live", timeout=15_000)
    page.wait_for_function(
        "(plot) => document.querySelector(plot).data.find((t) => t.name === 'loss').x.includes(32)",
        arg=LOSS,
    )
    assert traces(page)["loss"]["x"] == list(range(33))


def test_a_hidden_tab_holds_no_connection_and_catches_up(page: Page, server: RunningServer) -> None:
    hide = """(hidden) => {
        Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    run = healthy_run(server.url)
    opened(page, "healthy")
    expect(page.locator("#live")).to_have_text("Live")
    page.evaluate(hide, True)
    expect(page.locator("#live")).to_have_text("Paused")
    run.points([30], batch__loss=[0.5])
    page.evaluate(hide, False)
    page.wait_for_function(
        "(plot) => document.querySelector(plot).data.find((t) => t.name === 'loss').x.includes(30)",
        arg=LOSS,
    )


def test_an_unknown_run_says_so(browser: Browser, server: RunningServer) -> None:
    page = browser.new_page(base_url=server.url)  # not watched: the browser itself logs the 404
    page.goto("/runs/nobody")
    expect(page.get_by_role("heading", name="No such run")).to_be_visible()
    page.get_by_role("link", name="See all runs").click()
    expect(page).to_have_url(f"{server.url}/")
    page.close()
