"""What the curves of a run are drawn over, and beside: real times, layers, the running mean."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from nanwatch.events import Points
from web.served import (
    NAN_STEP,
    STEPS,
    RunningServer,
    SentRun,
    barriers,
    broken_run,
    healthy_run,
)

LOSS = "[data-chart='key:loss'] .plot"
HEAT = "[data-chart='layer:grad_norm'] .plot"
BEGAN = 1_700_000_000.0


def timed_run(url: str) -> SentRun:
    """A broken run whose steps take two seconds each, after a pause of a minute."""
    run = broken_run(url)
    times = [BEGAN + 2 * step + (60 if step >= 30 else 0) for step in range(STEPS)]
    run.points(range(STEPS), time=times)
    return run


def opened(page: Page, query: str = "") -> None:
    page.goto(f"/runs/broken{query}")
    page.wait_for_function("(plot) => document.querySelector(plot)?.data?.length", arg=LOSS)


def drawn(page: Page, name: str = "loss", plot: str = LOSS) -> dict[str, Any]:
    found: dict[str, Any] = page.eval_on_selector(
        plot,
        """(plot, name) => { const {x, y} = plot.data.find((trace) => trace.name === name);
            return {x: [...x], y: [...y]} }""",
        name,
    )
    return found


def test_steps_lie_at_the_time_at_which_they_were(page: Page, server: RunningServer) -> None:
    timed_run(server.url)
    opened(page, "?x=relative")
    last = f"document.querySelector(p).data[1].x[{STEPS - 1}]"
    page.wait_for_function(f"(p) => {last} === 178", arg=LOSS)
    x = drawn(page)["x"]
    assert (x[10], x[29], x[30]) == (20, 58, 120)
    assert page.eval_on_selector(LOSS, "(plot) => plot.layout.xaxis.ticksuffix") == " s"


def test_wall_time_is_read_off_a_clock_and_zooming_there_zooms_in_steps(
    page: Page, server: RunningServer
) -> None:
    timed_run(server.url)
    opened(page)
    page.get_by_role("button", name="Wall time").click()
    page.wait_for_function(
        "(p) => document.querySelector(p)._fullLayout.xaxis.type === 'date'", arg=LOSS
    )
    hour = page.evaluate(f"new Date({BEGAN * 1000}).getHours()")
    first = page.eval_on_selector(LOSS, "(plot) => new Date(plot.data[1].x[0]).toISOString()")
    assert int(first[11:13]) == hour
    box = page.locator(f"{LOSS} .nsewdrag[data-subplot=xy]").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 60, steps=4)
    page.mouse.up()
    page.wait_for_url("**/runs/broken?x=time&steps=*")
    low, high = map(float, page.url.partition("steps=")[2].split("-"))
    assert 30 < low < high < STEPS


def test_a_run_without_times_says_why_it_offers_none(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    opened(page, "?x=time")
    button = page.get_by_role("button", name="Wall time")
    expect(button).to_be_disabled()
    assert "does not tell when its steps were" in (button.get_attribute("title") or "")
    assert drawn(page)["x"] == list(range(STEPS))


def test_an_explosion_is_seen_coming_in_the_layers(page: Page, server: RunningServer) -> None:
    run = healthy_run(server.url, "broken")
    names = ["stem", "<b>block</b>", "head"]
    steps = np.arange(20)
    columns = {
        f"layer/{name}/grad_norm": np.where(steps < 15, 10.0 ** (steps / 5 - row), math.nan)
        for row, name in enumerate(names)
    }
    run.send(Points(steps, columns))
    opened(page)
    page.locator(HEAT).scroll_into_view_if_needed()
    page.wait_for_function("(p) => document.querySelector(p)?.data?.length === 2", arg=HEAT)
    cells = "(plot) => plot.data.map(({z}) => z.map((row) => [...row]))"
    heat, bad = page.eval_on_selector(HEAT, cells)
    assert [round(row[14], 3) for row in heat] == [2.8, 1.8, 0.8]
    assert all(row[15:20] == [1] * 5 and row[14] is None for row in bad)
    assert page.locator("main b", has_text="block").count() == 0


def test_the_running_mean_stands_beside_the_loss_on_the_same_scale(
    page: Page, server: RunningServer
) -> None:
    broken_run(server.url)
    opened(page)
    page.get_by_label("Side by side").check()
    twin = "[data-chart='running:key:loss'] .plot"
    for plot in (LOSS, twin):
        page.wait_for_function("(p) => document.querySelector(p)?.data?.length", arg=plot)
    scale = "String(document.querySelector({}).layout.yaxis.range)"
    page.wait_for_function(
        f"([a, b]) => {scale.format('a')} === {scale.format('b')}", arg=[LOSS, twin]
    )
    boxes = [page.locator(plot).bounding_box() for plot in (LOSS, twin)]
    assert boxes[0]
    assert boxes[1]
    assert abs(boxes[0]["y"] - boxes[1]["y"]) < 30 < boxes[1]["x"] - boxes[0]["x"]
    assert len(drawn(page, "loss, running mean", twin)["y"]) == STEPS
    page.wait_for_url("**?running=beside")
    assert NAN_STEP in [int(x) for x in drawn(page, "NaN", twin)["x"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_heat_map_and_note_have_no_barrier(
    page: Page, server: RunningServer, axe: str, theme: str
) -> None:
    run = timed_run(server.url)
    layers = {f"layer/l{row}/grad_norm": np.geomspace(1, 1e4, 20) for row in range(3)}
    run.send(Points(np.arange(20), layers))
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    opened(page, "?x=time&running=beside")
    page.get_by_role("button", name="Write a note").click()
    page.locator(HEAT).scroll_into_view_if_needed()
    page.wait_for_function("(p) => document.querySelector(p)?.data?.length === 2", arg=HEAT)
    assert barriers(page, axe) == []


def test_what_is_pointed_at_in_one_chart_is_marked_in_all(
    page: Page, server: RunningServer
) -> None:
    broken_run(server.url)
    opened(page)
    norm = "[data-chart='key:grad_norm'] .plot"
    page.wait_for_function("(p) => document.querySelector(p)?.data?.length", arg=norm)
    box = page.locator(f"{LOSS} .nsewdrag[data-subplot=xy]").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2)
    marked = """(selector) => {
        const plot = document.querySelector(selector);
        const canvas = plot.parentElement.querySelector("canvas");
        if (!canvas.width) return null;
        const copy = new OffscreenCanvas(canvas.width, 1).getContext("2d");
        copy.drawImage(canvas, 0, -Math.round(canvas.height / 2));
        const row = copy.getImageData(0, 0, canvas.width, 1).data;
        const at = [...row].findIndex((value, i) => i % 4 === 3 && value > 0);
        const { xaxis } = plot._fullLayout;
        return at < 0 ? null : xaxis.p2d((at - 3) / 4 / devicePixelRatio - xaxis._offset);
    }"""
    found = page.wait_for_function(marked, arg=norm).json_value()
    assert found == pytest.approx(STEPS / 3, abs=1.5)
    page.mouse.move(5, 5)
    page.wait_for_function(f"(p) => ({marked})(p) === null", arg=norm)
