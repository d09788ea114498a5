"""What people write down of a run, and the run on paper."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, Route, expect

from servers import wait_for
from web.served import RunningServer, SentRun, broken_run, healthy_run

NOTE = "<b>see</b> run 12\nthe rate was too high"


def test_a_note_is_kept_and_every_open_page_shows_it(
    page: Page, browser: Browser, server: RunningServer
) -> None:
    healthy_run(server.url)
    other = browser.new_page(base_url=server.url)
    for each in (page, other):
        each.goto("/runs/healthy")
        expect(each.locator("#live")).to_have_text("Live")
    page.get_by_role("button", name="Write a note").click()
    page.keyboard.type(NOTE.partition("\n")[0])
    page.keyboard.press("Enter")
    page.keyboard.type(NOTE.partition("\n")[2])
    page.get_by_role("button", name="Save").click()
    for each in (page, other):
        expect(each.locator(".notetext")).to_have_text(NOTE)
    page.reload()
    expect(page.locator(".notetext")).to_have_text(NOTE)
    other.close()


def test_a_note_that_was_begun_survives_live_points_and_is_dropped_by_escape(
    page: Page, server: RunningServer
) -> None:
    run = healthy_run(server.url)
    page.goto("/runs/healthy")
    page.get_by_role("button", name="Write a note").click()
    page.keyboard.type("half a thought")
    run.points([30], batch__loss=[0.5])
    expect(page.locator("#facts")).to_contain_text("30")
    expect(page.locator("textarea")).to_have_value("half a thought")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Write a note")).to_be_focused()


def tall_run(url: str) -> SentRun:
    run = broken_run(url)
    for key in range(12):
        run.points(range(5), **{f"batch__metric_{key}": [1.0, 2.0, 3.0, 4.0, 5.0]})
    return run


def test_printing_draws_every_chart_first_and_in_black_on_white(
    page: Page, server: RunningServer
) -> None:
    tall_run(server.url)
    page.emulate_media(color_scheme="dark")
    page.add_init_script(
        """window.print = () => { window.printed = [...document.querySelectorAll(".plot")].map(
            ({data, layout}) => [data?.some(({x}) => x.length), layout?.paper_bgcolor]); }"""
    )
    on_its_way: list[Route] = []
    page.route(
        "**/overview?name=batch%2Fmetric_*",
        lambda route: route.continue_() if on_its_way else on_its_way.append(route),
    )
    page.goto("/runs/broken")
    page.wait_for_function("() => document.querySelectorAll('.plot').length >= 14")
    wait_for(lambda: on_its_way or page.wait_for_timeout(50))
    with page.expect_response("**/overview?name=batch%2Fmetric_11*"):
        page.get_by_role("button", name="Print").click()
    on_its_way[0].continue_()
    page.wait_for_function("() => window.printed")
    printed = page.evaluate("printed")
    assert len(printed) >= 14
    assert all(has_points and paper == "#ffffff" for has_points, paper in printed)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_paper_has_no_controls(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    page.goto("/runs/broken")
    expect(page.get_by_role("article").first).to_be_visible()
    page.emulate_media(media="print")
    for hidden in ("#toolbar", "#report", "#print", ".chart .menu"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.get_by_role("article").first).to_be_visible()
