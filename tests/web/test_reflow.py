"""Pages at a zoom of 200 and 400 %: nothing is cut off, nothing lies over another thing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from web.served import RunningServer, broken_run, healthy_run
from web.test_every_page import PAGES, visit

# Text that its own box does not show whole, with no way to see the rest.
CUT = """() => [...document.querySelectorAll("main *, header *")].filter((node) => {
    const style = getComputedStyle(node);
    const told = node.closest("[title]") || node.matches("svg *, select, input, canvas");
    return node.checkVisibility() && !told && style.overflowX === "hidden"
        && !node.classList.contains("vh") && node.scrollWidth > node.clientWidth + 1;
}).map((node) => `${node.tagName}.${node.className} ${node.textContent.slice(0, 40)}`)"""
# Controls whose middle is covered by something else, or lies outside of the page.
COVERED = """() => [...document.querySelectorAll("main :is(button, a, select, input), nav a")]
    .filter((node) => node.checkVisibility() && !node.closest(".runs, .plot, details:not([open])"))
    .filter((node) => {
        node.scrollIntoView({block: "center", inline: "center"});
        const box = node.getBoundingClientRect();
        const found = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        const own = [node, ...(node.labels ?? [])].some((each) => each.contains(found));
        return !found || !(own || found.contains(node));
    }).map((node) => node.outerHTML.slice(0, 90))"""


@pytest.mark.parametrize(("width", "height"), [(720, 500), (320, 256)], ids=["200 %", "400 %"])
@pytest.mark.parametrize("path", PAGES)
def test_a_zoomed_page_shows_all_it_has(
    page: Page, server: RunningServer, path: str, width: int, height: int
) -> None:
    broken_run(server.url)
    healthy_run(server.url, "long", "a-name-without-any-end-" * 9, tags=("t" * 200,))
    page.set_viewport_size({"width": width, "height": height})
    visit(page, path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CUT) == []
    assert page.evaluate(COVERED) == []
