"""What holds for every page: reachable for all, as wide as the screen, light enough."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from nanwatch.events import Diagnosed
from web.browser import RULES
from web.served import DIAGNOSIS, RunningServer, broken_run, healthy_run, watch

REFERENCE = ("/losses", "/losses/BinaryFocalCrossentropy", "/causes", "/causes/logits_mismatch")
COMPARE = "/compare?runs=broken,long"
PAGES = ("/", "/runs/broken", COMPARE, "/alerts", "/settings", "/login", *REFERENCE)
FOCUSED = """() => {
    const node = document.activeElement;
    return node.getAttribute("aria-label") ?? node.textContent.trim();
}"""
TRAVELLED = """() => performance.getEntries()
    .filter((each) => each.entryType === "navigation" || each.name.includes("/static/"))
    .map((each) => [new URL(each.name).pathname, each.encodedBodySize])"""
MOST_BYTES = 600_000


def visit(page: Page, path: str) -> None:
    page.goto(path)
    if path.startswith("/runs/"):
        expect(page.get_by_role("article").first).to_be_visible()
        first = page.locator(".plot").first  # which need not be the first that is drawn
        first.scroll_into_view_if_needed()
        expect(first.locator(".main-svg").first).to_be_attached()
    elif path == COMPARE:
        expect(page.locator(".compared .part").first).to_be_visible()
        page.wait_for_function("() => document.querySelector('.plot')?.data?.length")
    elif path == "/":
        expect(page.locator(".runs .name a").first).to_be_visible()
    elif path == "/settings":
        expect(page.locator("#about dl")).to_be_visible()
        expect(page.locator("[aria-busy]")).to_have_count(0)  # the sections come one by one
    elif path == "/alerts":
        expect(page.locator(".alert").first).to_be_visible()
    elif path in REFERENCE:
        expect(page.locator("main .card").first).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_no_barrier(
    page: Page, server: RunningServer, axe: str, path: str, theme: str
) -> None:
    broken_run(server.url)
    healthy_run(server.url, "long")
    page.emulate_media(color_scheme=theme)
    visit(page, path)
    page.evaluate(axe)
    found = page.evaluate("(rules) => axe.run(document, {runOnly: rules})", RULES)
    barriers = [
        (each["id"], each["nodes"][0]["target"], each["nodes"][0]["failureSummary"])
        for each in found["violations"]
    ]
    assert barriers == [], json.dumps(barriers, indent=1)


@pytest.mark.parametrize(
    "width", [320, 390, 820, 1440]
)  # 320: 1280 at a zoom of 400 % (WCAG 1.4.10)
@pytest.mark.parametrize("path", PAGES)
def test_nothing_scrolls_sideways(page: Page, server: RunningServer, path: str, width: int) -> None:
    broken_run(server.url)
    healthy_run(server.url, "long", "a-name-without-any-end-" * 9, tags=("t" * 200,))
    page.set_viewport_size({"width": width, "height": 844})
    visit(page, path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


WAYS = {"Runs": "/", "Compare": "/compare", "Alerts": "/alerts", "Losses": "/losses"}
WAYS |= {"Causes": "/causes", "Settings": "/settings"}


def test_every_page_leads_to_every_other_and_says_where_one_is(
    page: Page, server: RunningServer
) -> None:
    page.goto("/")
    menu = page.get_by_role("navigation", name="Main")
    for words, path in WAYS.items():
        menu.get_by_role("link", name=words).click()
        expect(page).to_have_url(f"{server.url}{path}")
        expect(menu.locator("[aria-current=page]")).to_contain_text(words)
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_what_has_the_focus_is_seen_and_nothing_moves_by_itself(
    page: Page, server: RunningServer
) -> None:
    broken_run(server.url)
    for path in ("/alerts", "/settings", "/runs/broken"):
        visit(page, path)
        for _ in range(12):
            page.keyboard.press("Tab")
            outline = "getComputedStyle(document.activeElement).outlineStyle"
            assert page.evaluate(outline) != "none", page.evaluate(FOCUSED)
        moving = "document.getAnimations().filter((each) => each.playState === 'running').length"
        assert page.evaluate(moving) == 0


@pytest.mark.parametrize(
    ("path", "control", "news"),
    [
        ("/", ".runs .tag", (".runs td.step", "30")),
        ("/runs/long", "#crumbs a", (".facts", "30")),
        ("/runs/long", "#config summary", ("#cards", "Two rows of the batch")),
    ],
)
def test_what_has_the_focus_keeps_it_while_a_run_goes_on(
    page: Page, server: RunningServer, path: str, control: str, news: tuple[str, str]
) -> None:
    run = healthy_run(server.url, "long", tags=("demo",))
    page.goto(path)
    expect(page.locator("#live")).to_have_text("Live")
    page.locator(control).focus()
    run.points([30], batch__loss=[0.5])
    run.send(Diagnosed(DIAGNOSIS))
    place, words = news
    expect(page.locator(place)).to_contain_text(words)
    expect(page.locator(control)).to_be_focused()


def test_the_theme_follows_the_wish_and_is_kept(page: Page, server: RunningServer) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto("/login")
    theme = page.locator("html")
    expect(theme).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Switch to light").click()
    expect(theme).to_have_attribute("data-theme", "light")
    page.reload()
    expect(theme).to_have_attribute("data-theme", "light")


def test_charts_take_the_colours_of_the_theme(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    visit(page, "/runs/broken")
    paper = "() => document.querySelector('.plot').layout.paper_bgcolor"
    assert page.evaluate(paper) == "#ffffff"
    page.get_by_role("button", name="Switch to light").click()
    page.get_by_role("button", name="Switch to dark").click()
    page.wait_for_function(f"{paper} === '#171d25'")


def test_a_run_is_looked_at_with_the_keyboard_alone(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    visit(page, "/runs/broken")
    reached: set[str] = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(FOCUSED)[:13])
    assert {"Epoch", "Show step 37", "Acknowledge", "1 other suspe", "Configuration"} <= reached
    page.get_by_label("Log y").focus()
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('.plot').layout.yaxis.type === 'log'")


CONTROLS = """() => {
    const all = "a[href], button, select, input, textarea, summary, [tabindex='0']";
    window.seen = [...document.querySelectorAll(all)].filter((node) =>
        node.checkVisibility() && !node.disabled && node.tabIndex >= 0);
    return seen.map((node) => node.outerHTML.slice(0, 120));
}"""
NTH = "seen.indexOf(document.activeElement)"


@pytest.mark.parametrize("path", PAGES)
def test_every_control_is_reached_with_the_keyboard_alone(
    page: Page, server: RunningServer, path: str
) -> None:
    broken_run(server.url)
    healthy_run(server.url, "long")
    visit(page, path)
    controls = page.evaluate(CONTROLS)
    reached: set[int] = set()
    for _ in range(len(controls) + 10):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(NTH))
    assert [words for at, words in enumerate(controls) if at not in reached] == []


def test_a_stranger_is_sent_to_the_login_and_a_token_lets_in(
    browser: Browser, tmp_path: Path
) -> None:
    server = RunningServer(tmp_path, auth=True)
    server.start()
    page = browser.new_context(base_url=server.url).new_page()
    problems = watch(page, server.url)
    page.goto("/runs/broken")
    expect(page).to_have_url(re.compile(r"/login\?next="))
    page.get_by_label("Token").fill("nw_a_wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#problem")).not_to_be_empty()
    page.get_by_label("Token").fill(server.home.token())
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{server.url}/runs/broken")
    page.context.close()
    server.stop()
    assert [said for said in problems if "401" not in said and "404" not in said] == []


def test_no_token_is_sent_before_the_page_can_keep_it_out_of_the_address(
    browser: Browser, tmp_path: Path
) -> None:
    server = RunningServer(tmp_path, auth=True)
    server.start()
    page = browser.new_context(base_url=server.url).new_page()
    held: list[Route] = []
    page.route("**/js/login.js", lambda route: held.append(route))
    page.goto("/login", wait_until="commit")
    button = page.get_by_role("button", name="Log in")
    expect(button).to_be_disabled()
    page.get_by_label("Token").fill("nw_a_secret")
    page.get_by_label("Token").press("Enter")
    expect(page).to_have_url(re.compile("/login$"))
    held[0].continue_()
    expect(button).to_be_enabled()
    page.context.close()
    server.stop()


def test_the_run_page_is_light_enough(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    visit(page, "/runs/broken")
    files = page.evaluate(TRAVELLED)
    assert any(name.endswith("plotly.min.js") for name, _ in files)
    assert sum(size for _, size in files) <= MOST_BYTES, files
