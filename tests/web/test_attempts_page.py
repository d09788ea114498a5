"""A run taken up again, in a real browser: the latest attempt lies on top of the others."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from nanwatch.events import RunStarted
from web.served import RunningServer, SentRun, healthy_run
from web.test_run_page import LOSS, opened, traces


def test_a_run_that_is_taken_up_again_shows_what_the_latest_attempt_lies_over(
    page: Page, server: RunningServer
) -> None:
    healthy_run(server.url)
    opened(page, "healthy")
    expect(page.locator("#live")).to_have_text("Live")
    again = SentRun(server.url, "healthy", stream="again")
    again.send(RunStarted("calm-otter-17", "digits", resumes=True))
    again.points(range(20, 25), batch__loss=[0.5] * 5)  # live: the page fetches what counts now
    page.wait_for_function(
        "(plot) => document.querySelector(plot).data.some((t) => t.name === 'loss, attempt 1')",
        arg=LOSS,
    )
    drawn = traces(page)
    assert drawn["loss"]["y"][20:25] == [0.5] * 5
    assert drawn["loss, attempt 1"]["y"] == [2.0 / (1 + i) + 0.1 for i in range(20, 30)]
    expect(page.locator("[data-chart='key:loss'] .legend")).to_contain_text("earlier attempts")
    expect(page.locator(f"{LOSS} .annotation")).to_have_text("attempt 2")
