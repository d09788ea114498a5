"""The canvas over a chart lies where the chart's own lines lie, to the pixel."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from web.served import RunningServer, SentRun, healthy_run, page_on_screen

LOSS = "[data-chart='key:loss'] .plot"
FIRST = 300
# Where a line goes over into the overlay; nothing while that shows nothing, as after each drawing.
JOINT = """(selector) => {
    const plot = document.querySelector(selector);
    const canvas = plot.parentElement.querySelector("canvas");
    if (!canvas.width) return null;
    const all = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    if (!all.some((value) => value > 0)) return null;
    const { x, y } = plot.data.find((trace) => trace.name === "loss");
    const { xaxis, yaxis } = plot._fullLayout;
    const joint = [xaxis._offset + xaxis.d2p(x.at(-1)), yaxis._offset + yaxis.d2p(y.at(-1))];
    const origin = canvas.getBoundingClientRect();
    const ends = [...plot.querySelectorAll(".scatterlayer .js-line")].map((path) =>
        path.getPointAtLength(path.getTotalLength()).matrixTransform(path.getScreenCTM()));
    const gaps = ends.map(({x, y}) =>
        Math.hypot(x - origin.x - joint[0], y - origin.y - joint[1]));
    const [left, top] = joint.map((at) => Math.round((at - 2) * devicePixelRatio));
    const side = 4 * devicePixelRatio;
    const { data } = canvas.getContext("2d").getImageData(left, top, side, side);
    return { gap: Math.min(...gaps), inked: data.some((value, i) => i % 4 === 3 && value > 60) };
}"""


def loss_at(step: int) -> float:
    return 2.0 / (1 + step) + 0.1


def smooth_run(url: str) -> SentRun:
    run = healthy_run(url)
    steps = range(30, FIRST)
    run.points(steps, batch__loss=[loss_at(step) for step in steps])
    return run


def new_page(browser: Browser, server: RunningServer, sharp: int, query: str) -> Page:
    page = page_on_screen(browser, server.url, sharp)
    page.goto(f"/runs/healthy{query}")
    page.wait_for_function("(p) => document.querySelector(p)?.data?.length", arg=LOSS)
    page.wait_for_function("() => document.querySelector('#live').dataset.state === 'live'")
    return page


def overlaid(page: Page, run: SentRun) -> dict[str, Any]:
    """Let points come until the overlay shows some of them; where they begin."""
    for step in range(FIRST, FIRST + 60):
        run.points([step], batch__loss=[loss_at(step)])
        page.wait_for_timeout(50)
        seen: dict[str, Any] | None = page.evaluate(JOINT, LOSS)
        if seen:
            return seen
    raise AssertionError("the overlay showed nothing")


@pytest.mark.parametrize("sharp", [1, 2])
@pytest.mark.parametrize("query", ["", "?log=1", "?steps=200-400"])
def test_the_overlay_goes_on_where_the_line_ends(
    browser: Browser, server: RunningServer, sharp: int, query: str
) -> None:
    run = smooth_run(server.url)
    page = new_page(browser, server, sharp, query)
    page.set_viewport_size({"width": 1100, "height": 900})
    seen = overlaid(page, run)
    assert seen["gap"] < 1.5
    assert seen["inked"]
    page.context.close()
