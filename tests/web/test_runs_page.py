"""The list of runs in a real browser, before a real server."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from nanwatch.events import RunEnded
from web.served import RunningServer, broken_run, healthy_run

HOSTILE = '<img src=x onerror="document.title=1">\u202e"><script>alert(1)</script>'


def test_an_empty_list_tells_how_to_attach_the_callback(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="No runs yet")).to_be_visible()
    expect(page.get_by_label("Code to attach the callback")).to_contain_text("callbacks=[watch]")


def test_runs_appear_and_change_without_reload(page: Page, server: RunningServer) -> None:
    page.goto("/")
    expect(page.locator("#live")).to_have_text("Live")
    run = healthy_run(server.url)
    row = page.get_by_role("row").filter(has_text="calm-otter-17")
    expect(row).to_contain_text("Running")
    run.points([30], batch__loss=[0.125])
    expect(row).to_contain_text("0.125")
    run.send(RunEnded("finished"))
    expect(row).to_contain_text("Finished")


def test_a_nan_is_shown_as_nan_with_its_symptom(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    page.goto("/")
    row = page.get_by_role("row").filter(has_text="penguins")
    expect(row.locator(".loss")).to_have_text("NaN")
    expect(row.locator(".status")).to_contain_text("NaN or Inf")
    expect(row.locator(".best")).to_have_text("0.5")


def test_newest_runs_come_first_and_a_filter_keeps_those_that_fit(
    page: Page, server: RunningServer
) -> None:
    healthy_run(server.url, "first", "older")
    healthy_run(server.url, "second", "newer", project="penguins", tags=("blue",))
    page.goto("/")
    expect(page.locator(".runs .name a")).to_have_text(["newer", "older"])
    page.keyboard.press("/")
    page.keyboard.type("blue penguins")
    expect(page.locator(".runs .name a")).to_have_text(["newer"])
    page.keyboard.press("Control+A")
    page.keyboard.type("nowhere")
    expect(page.get_by_role("heading", name="No run fits")).to_be_visible()


def test_all_runs_are_known_and_those_far_below_are_drawn_on_demand(
    page: Page, server: RunningServer
) -> None:
    for number in range(105):
        healthy_run(server.url, f"run-{number}", f"run-{number}")
    page.goto("/")
    expect(page.locator("#count")).to_have_text("105 runs")
    rows = page.locator(".runs tbody tr")
    expect(rows).to_have_count(60)
    page.locator("#filter").fill("run-3")
    expect(rows).to_have_count(11)
    page.locator("#filter").fill("")
    page.get_by_role("button", name="Show more").scroll_into_view_if_needed()
    expect(rows).to_have_count(105)
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()


def test_a_hostile_name_is_text(page: Page, server: RunningServer) -> None:
    healthy_run(server.url, "evil", HOSTILE, project="<b>p</b>", tags=("<i>t</i>",))
    page.goto("/")
    link = page.locator(".runs .name a")
    expect(link).to_have_count(1)
    assert link.evaluate("(node) => node.textContent") == HOSTILE
    link.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("#name")).to_have_text(HOSTILE)
    assert page.locator("main img, main script").count() == 0


def test_a_click_anywhere_on_a_row_opens_the_run(page: Page, server: RunningServer) -> None:
    healthy_run(server.url)
    page.goto("/")
    page.locator("td.step").last.click(force=True)  # the link lies over the whole row
    expect(page).to_have_url(f"{server.url}/runs/healthy")


def test_runs_that_are_ticked_are_compared(page: Page, server: RunningServer) -> None:
    healthy_run(server.url)
    broken_run(server.url)
    page.goto("/")
    page.get_by_label("Tick calm-otter-17").check()
    expect(page.locator("#compare")).to_be_hidden()
    page.get_by_label("Tick penguins").check()
    page.get_by_role("link", name="Compare 2 runs").click()
    expect(page).to_have_url(f"{server.url}/compare?runs=healthy,broken")


def test_the_keyboard_reaches_a_run(page: Page, server: RunningServer) -> None:
    healthy_run(server.url)
    page.goto("/")
    expect(page.locator(".runs .name a")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    reached: list[str | None] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
        if page.evaluate("document.activeElement.textContent") == "calm-otter-17":
            break
    assert {"Any state", "All projects"} <= set(reached)
    assert reached[-2] == "Tick calm-otter-17"
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{server.url}/runs/healthy")


def test_a_restarted_server_is_found_again_and_what_was_missed_appears(
    page: Page, server: RunningServer
) -> None:
    healthy_run(server.url)
    page.goto("/")
    expect(page.locator("#live")).to_have_text("Live")
    server.stop()
    expect(page.locator("#banner")).to_contain_text("Reconnecting")
    server.start()
    healthy_run(server.url, "later", "missed")
    expect(page.locator("#live")).to_have_text("Live", timeout=15_000)
    expect(page.locator(".runs .name a")).to_have_text(["missed", "calm-otter-17"])
    expect(page.locator("#banner")).to_be_hidden()
