"""Rails, their marks and the band behind a failure lie where their steps are, to the pixel."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from web.served import NAN_STEP, RunningServer, broken_run, page_on_screen
from web.test_run_page import settled

LOSS = "[data-chart='key:loss'] .plot"
# The plot's own rectangle and the rail's middle, on the page; the step's place by proportion alone.
PLACES = """([selector, step]) => {
    const plot = document.querySelector(selector);
    const area = plot.querySelector(".nsewdrag[data-subplot=xy]").getBoundingClientRect();
    const {_fullLayout: {xaxis, yaxis3}} = plot;
    const [first, last] = xaxis.range;
    const top = plot.getBoundingClientRect().top;
    return {
        x: area.left + area.width * (step - first) / (last - first),
        middle: area.top + area.height * 0.62,
        rail: top + yaxis3._offset + yaxis3._length / 2,
    };
}"""
FITS = """(selector) => {
    const plot = document.querySelector(selector);
    return plot._fullLayout.width === plot.clientWidth;
}"""
Pixel = tuple[int, int, int]


class Picture:
    """What is seen of a page, by the page's own pixels whatever the screen's are."""

    def __init__(self, page: Page, sharp: int) -> None:
        self._image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        self._sharp = sharp

    def row(self, x: float, y: float, reach: float) -> list[Pixel]:
        """The screen's pixels of a short row round a place."""
        left, right = (round((x + way * reach) * self._sharp) for way in (-1, 1))
        at = round(y * self._sharp)
        pixels = [self._image.getpixel((column, at)) for column in range(left, right + 1)]
        return [(int(r), int(g), int(b)) for r, g, b in pixels]  # type: ignore[misc]


def is_red(pixel: Pixel) -> bool:
    return pixel[0] > 150 and max(pixel[1:]) < 110


def is_tinted(pixel: Pixel) -> bool:
    return 4 < pixel[0] - pixel[1] < 40


@pytest.mark.parametrize("sharp", [1, 2])
@pytest.mark.parametrize("query", ["", "?log=1", "?steps=30-45"])
def test_rail_line_and_band_begin_at_the_failing_step(
    browser: Browser, server: RunningServer, sharp: int, query: str
) -> None:
    broken_run(server.url)
    page = page_on_screen(browser, server.url, sharp)
    page.goto(f"/runs/broken{query}")
    page.wait_for_function("(p) => document.querySelector(p)?._fullLayout?.yaxis3", arg=LOSS)
    page.set_viewport_size({"width": 1290, "height": 950})
    page.wait_for_function(FITS, arg=LOSS)
    settled(page)
    at = page.evaluate(PLACES, [LOSS, NAN_STEP])
    seen = Picture(page, sharp)
    assert any(map(is_red, seen.row(at["x"], at["middle"], 1)))
    assert all(map(is_tinted, seen.row(at["x"] + 9, at["middle"], 4)))
    assert not any(map(is_tinted, seen.row(at["x"] - 9, at["middle"], 4)))
    assert any(map(is_red, seen.row(at["x"] + 2, at["rail"], 1)))
    assert not any(map(is_red, seen.row(at["x"] - 14, at["rail"], 6)))
    page.context.close()
