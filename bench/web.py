"""What looking costs: `make bench-web` prints the table of docs/benchmarks.md.

A real server in a process of its own, a real Chromium, points over HTTP as a training sends them.
Times run from the moment before points are sent until the frame that shows them has been painted.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from nanwatch import wire
from nanwatch.events import Event, Points, RunStarted
from nanwatch.wire import Frame
from nanwatch_monitor.serve import listen

ROOT = Path(__file__).parent.parent
UPLOT = ROOT / "node_modules/uplot/dist"
SPY = (ROOT / "bench/web_spy.js").read_text()
YARDSTICK = (ROOT / "bench/web_uplot.js").read_text()
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
TALL = {"width": 1440, "height": 2400}
HTML = "text/html; charset=utf-8"
PAST = 600
"""Steps that a run has before it is looked at."""
SECONDS = 20.0
DRAWN = "() => document.querySelector('.plot')?.data?.length"


class Training:
    """A run that is sent as a training process would send it."""

    def __init__(self, url: str, run_id: str) -> None:
        self._url, self._id, self._seq = url, run_id, 0
        self.send(RunStarted(run_id, "bench"))

    def send(self, *events: Event) -> None:
        """Send a frame; returns when the server has it on disk."""
        body = wire.encode(Frame(self._id, self._id, self._seq, events))
        post(f"{self._url}/api/v1/ingest", body, {"Content-Type": wire.CONTENT_TYPE})
        self._seq += 1

    def points(self, steps: range, names: list[str]) -> None:
        """Send points of all series, with the moment at which they were sent."""
        at = np.arange(steps.start, steps.stop)
        curve = 2.0 / (1.0 + at / 100.0)
        columns = {name: curve + 0.1 * np.sin(at + k) + 0.2 for k, name in enumerate(names)}
        self.send(Points(at, columns), Points(at[-1:], {"time": np.array([time.time()])}))


def post(url: str, body: bytes | None, headers: dict[str, str]) -> None:
    """Ask our own server; raises OSError unless it says yes."""
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - our own server
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310 - our own server


@contextmanager
def served() -> Iterator[str]:
    """A server of its own, and its address."""
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    listener.close()
    command = [sys.executable, "-m", "nanwatch", "serve", "--no-auth", "--port", str(port)]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NANWATCH_DIR": folder}
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)  # noqa: S603 - our own
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(url)
            yield url
        finally:
            process.terminate()
            process.wait(20)


def wait_for(url: str) -> None:
    """Wait until the server answers."""
    for _ in range(200):
        try:
            return post(f"{url}/readyz", None, {})
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


def series(charts: int, lines: int = 4) -> list[str]:
    """Names that make so many charts of so many lines each."""
    return [f"layer/l{line}/q{chart}" for chart in range(charts) for line in range(lines)]


@contextmanager
def opened(browser: Browser, url: str, path: str) -> Iterator[tuple[Page, CDPSession]]:
    """A page that counts its frames and how late points are painted."""
    context = browser.new_context(base_url=url, viewport=TALL)
    page = context.new_page()
    page.add_init_script(SPY)
    page.route("**/yardstick?*", lambda route: route.fulfill(body=yardstick(), content_type=HTML))
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})  # CPU
    page.goto(path)
    yield page, session
    context.close()


def weigh(browser: Browser, url: str) -> str:
    """A row: the page, its styles, modules, typeface and charts, as they travel."""
    training = Training(url, "weight")
    training.points(range(PAST), ["batch/loss"])
    sizes: dict[str, float] = {}
    names: dict[str, str] = {}
    context = browser.new_context(base_url=url, viewport=TALL)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.responseReceived", lambda event: name(names, event))
    session.on("Network.dataReceived", lambda event: grow(sizes, names, event))
    page.goto("/runs/weight")
    page.wait_for_function(DRAWN)
    context.close()
    files = sum(size for path, size in sizes.items() if "/api/" not in path) / 1000
    told = f"{files:.0f} kB, and {sum(sizes.values()) / 1000 - files:.0f} kB of data"
    return f"weight of the run page, packed | {told} | 600 kB"


def name(names: dict[str, str], event: dict[str, Any]) -> None:
    """Keep which request was for what."""
    names[event["requestId"]] = event["response"]["url"]


def grow(sizes: dict[str, float], names: dict[str, str], event: dict[str, Any]) -> None:
    """Add what has come of a file."""
    path = names.get(event["requestId"], "")
    sizes[path] = sizes.get(path, 0.0) + event["encodedDataLength"]


def first_chart(browser: Browser, url: str, points: int) -> str:
    """A row: what the main thread does until the first chart of a long run stands."""
    training = Training(url, "long")
    for begin in range(0, points, 20_000):
        training.points(range(begin, min(points, begin + 20_000)), ["batch/loss"])
    spent = []
    for _ in range(3):
        with opened(browser, url, "/runs/long") as (page, session):
            page.wait_for_function(DRAWN)
            spent.append(metric(session, "TaskDuration"))
    told = f"{statistics.median(spent):.2f} s"
    return f"first chart of {points:,} points, CPU of the main thread | {told} | 0.5 s"


def metric(session: CDPSession, name: str) -> float:
    """One of Chromium's counters."""
    found: list[dict[str, Any]] = session.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in found if each["name"] == name))


def live(browser: Browser, url: str, charts: int, hertz: float, path: str) -> tuple[float, float]:
    """Feed charts for a while: the median milliseconds until painted, and frames a second."""
    run_id = f"live-{charts}-{path[1]}"
    names = series(charts)
    training = Training(url, run_id)
    training.points(range(PAST), names)
    with opened(browser, url, path.format(run_id=run_id)) as (page, _):
        page.wait_for_function(
            "(n) => [...document.querySelectorAll('.plot, .uplot')].length >= n", arg=charts
        )
        page.wait_for_timeout(3000)
        page.evaluate("spy.begin()")
        feed(training, names, hertz)
        seen = page.evaluate("spy.end()")
    return statistics.median(seen["late"]), seen["frames"] / seen["seconds"]


def feed(training: Training, names: list[str], hertz: float) -> None:
    """Send a step of all series, so many times a second."""
    begun = time.monotonic()
    for turn in range(int(SECONDS * hertz)):
        time.sleep(max(0.0, begun + turn / hertz - time.monotonic()))
        training.points(range(PAST + turn, PAST + turn + 1), names)


def lasting(browser: Browser, url: str, steps: int) -> str:
    """A row: memory after many live points, against half of them."""
    names = series(6)
    training = Training(url, "lasting")
    training.points(range(PAST), names)
    with opened(browser, url, "/runs/lasting") as (page, session):
        page.wait_for_timeout(3000)
        sizes = []
        for half in range(2):
            for begin in range(0, steps // 2, 20):
                first = PAST + half * steps // 2 + begin
                training.points(range(first, first + 20), names)
                time.sleep(0.01)
            page.wait_for_timeout(3000)
            session.send("HeapProfiler.collectGarbage")
            sizes.append(metric(session, "JSHeapUsedSize") / 1e6)
    told = f"{sizes[0]:.1f} to {sizes[1]:.1f} MB"
    return f"memory over the second half of {steps:,} live steps, 24 series | {told} | flat"


def yardstick() -> str:
    """A page that draws a run by uPlot alone."""
    library, style = (UPLOT / f"uPlot.{kind}" for kind in ("iife.min.js", "min.css"))
    head = f"<style>{style.read_text()}</style><script>{library.read_text()}</script>"
    return f"<!doctype html>{head}<body><script type=module>{YARDSTICK}</script>"


def compared(browser: Browser, url: str) -> Iterator[str]:
    """Rows: live charts, and the same data in uPlot."""
    late, frames = live(browser, url, 10, 4.0, "/runs/{run_id}")
    yield f"10 charts x 4 lines at 4 Hz: sent to painted, median | {late:.0f} ms | 100 ms"
    yield f"the same, frames a second | {frames:.0f} | 24"
    _, frames = live(browser, url, 4, 10.0, "/runs/{run_id}")
    yield f"4 charts x 4 lines at 10 Hz, frames a second | {frames:.0f} | 30"
    if not UPLOT.exists():
        return
    late, frames = live(browser, url, 10, 4.0, "/yardstick?run={run_id}")
    yield f"yardstick: uPlot alone, 10 charts at 4 Hz | {late:.0f} ms, {frames:.0f} frames/s |"


def main() -> None:
    """Print the table."""
    rows = []
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        rows.append(weigh(browser, url))
        rows.append(first_chart(browser, url, 1_000_000))
        rows += compared(browser, url)
        rows.append(lasting(browser, url, 20_000))
        browser.close()
    print("| | measured | target |\n|---|---|---|")
    print("\n".join(f"| {row} |" for row in rows))


if __name__ == "__main__":
    main()
