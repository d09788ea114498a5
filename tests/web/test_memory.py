"""A page that is left open all night does not grow."""

from __future__ import annotations

from playwright.sync_api import CDPSession, Page, expect

from web.served import RunningServer, SentRun, healthy_run

LOSS = "[data-chart='key:loss'] .plot"
NAMES = [f"batch__metric_{key}" for key in range(6)]
HAS_STEP = """([plot, step]) => document.querySelector(plot)?.data
    ?.find((trace) => trace.name === "loss")?.x.at(-1) > step"""
FRAME, ROUND, MOST_ROUNDS = 50, 6000, 9
KEPT_POINTS = 0.6e6
"""A round has 42 000 points: who kept them all, as two numbers each, would grow by more bytes."""


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
    sizes = [0.0]
    for begin in range(30, 30 + MOST_ROUNDS * ROUND, ROUND):  # until all buckets are in use
        train_on(page, run, begin, begin + ROUND)
        sizes.append(heap(session))
        if sizes[-1] - sizes[-2] < KEPT_POINTS:
            break
    assert sizes[-1] - sizes[-2] < KEPT_POINTS, sizes
