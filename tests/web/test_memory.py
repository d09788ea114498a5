"""A page that is left open all night does not grow."""

from __future__ import annotations

from playwright.sync_api import CDPSession, Page, expect

from web.served import RunningServer, SentRun, healthy_run

LOSS = "[data-chart='key:loss'] .plot"
NAMES = [f"batch__metric_{key}" for key in range(6)]
HAS_STEP = """([plot, step]) => document.querySelector(plot)?.data
    ?.find((trace) => trace.name === "loss")?.x.at(-1) > step"""
FRAME = 50
MOST_GROWTH = 2e6


def train_on(page: Page, run: SentRun, first: int, last: int) -> None:
    """Let points come while the page looks on, until it has drawn the last ones."""
    for begin in range(first, last, FRAME):
        steps = range(begin, begin + FRAME)
        values = [2.0 / (1 + step % 97) + 0.1 for step in steps]
        run.points(steps, batch__loss=values, **dict.fromkeys(NAMES, values))
    page.wait_for_function(HAS_STEP, arg=[LOSS, last - 200])


def heap(session: CDPSession) -> float:
    """Bytes that are in use once what nobody needs is gone."""
    session.send("HeapProfiler.collectGarbage")
    found = session.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in found if each["name"] == "JSHeapUsedSize"))


def test_live_points_without_end_do_not_fill_the_memory(page: Page, server: RunningServer) -> None:
    run = healthy_run(server.url)
    page.goto("/runs/healthy")
    expect(page.locator("#live")).to_have_text("Live")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    train_on(page, run, 30, 18030)  # until all buckets of the curves are in use
    before = heap(session)
    train_on(page, run, 18030, 30030)
    assert heap(session) - before < MOST_GROWTH
