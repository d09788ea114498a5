"""A real server, runs sent to it as a training process would send them, and an eye on a page."""

from __future__ import annotations

import math
import threading
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, Request

from nanwatch import events, wire
from nanwatch_monitor.app import create_app
from nanwatch_monitor.home import Home
from nanwatch_monitor.serve import Server, listen, make_server
from nanwatch_monitor.settings import ServerSettings
from servers import wait_for

NAN_STEP = 37
STEPS = 60
EPOCH = 20
PATIENCE_S = 60
FACTS: dict[str, Any] = {
    "model": {"class": "Sequential", "name": "net", "parameters": 12345, "layers": []},
    "optimizer": {"class": "SGD", "learning_rate": 0.01, "schedule": None, "config": {}},
    "loss": [{"output": None, "class": "MeanSquaredError", "custom": False}],
    "policy": "float32",
    "epochs": 5,
    "batch_size": 32,
}


@dataclass
class RunningServer:
    """A real server on a port of its own that can stop and come back with the same database."""

    folder: Path
    auth: bool = False
    port: int = 0
    webhook_allow: tuple[str, ...] = ()
    _server: Server | None = None
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def home(self) -> Home:
        return Home(self.folder, "testhost")

    def start(self) -> None:
        listener = listen("127.0.0.1", self.port)
        self.port = listener.getsockname()[1]
        own = {"home": self.home, "auth": self.auth, "webhook_allow": self.webhook_allow}
        app = create_app(ServerSettings(port=self.port, **own))
        self._server = server = make_server(app)
        run = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        run.start()
        self._thread = run
        while not server.started:
            assert run.is_alive(), "the server did not start"
            time.sleep(0.01)

    def stop(self) -> None:
        assert self._server is not None
        assert self._thread is not None
        self._server.should_exit = True
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@dataclass
class SentRun:
    """A run as a training process would send it: frame by frame, with real bytes."""

    url: str
    id: str
    token: str = ""
    stream: str = ""
    _seq: int = field(default=0)

    def send(self, *sent: events.Event) -> None:
        body = wire.encode(wire.Frame(self.id, self.stream or f"stream-{self.id}", self._seq, sent))
        headers = {"Content-Type": wire.CONTENT_TYPE, "Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(f"{self.url}/api/v1/ingest", body, headers)
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            assert answer.status == 200
        self._seq += 1

    def points(self, steps: Sequence[int], **series: Sequence[float]) -> None:
        """Send points; `batch__loss` is the series batch/loss."""
        columns = {name.replace("__", "/"): np.array(v, float) for name, v in series.items()}
        self.send(events.Points(np.array(steps, np.int64), columns))


def healthy_run(
    url: str, run_id: str = "healthy", name: str = "calm-otter-17", **about: Any
) -> SentRun:
    """A run of 30 finite steps that goes on."""
    run = SentRun(url, run_id)
    run.send(events.RunStarted(name, about.pop("project", "digits"), facts=FACTS, **about))
    steps = range(30)
    run.points(steps, batch__loss=[2.0 / (1 + i) + 0.1 for i in steps])
    return run


def broken_run(url: str, run_id: str = "broken") -> SentRun:
    """A run whose loss is NaN from NAN_STEP on, with epochs, gradients and a full diagnosis.

    By the time it is returned the server has judged it.
    """
    run = SentRun(url, run_id)
    run.send(events.RunStarted("penguins", "zoo", ("demo",), {"seed": 7}, FACTS))
    steps = range(STEPS)
    loss = [1.0 / (1 + i) + 0.2 if i < NAN_STEP else math.nan for i in steps]
    norm = [1.0 + i % 3 if i < NAN_STEP else math.inf for i in steps]
    run.points(steps, batch__loss=loss, batch__loss_running=loss, batch__grad_norm=norm)
    ends = [EPOCH - 1, 2 * EPOCH - 1, 3 * EPOCH - 1]
    run.points(range(3), epoch__val_loss=[0.6, 0.5, math.nan], epoch__last_step=ends)
    run.send(events.Diagnosed(DIAGNOSIS))
    told = f"{url}/api/v1/runs/{run_id}/diagnoses"
    wait_for(lambda: b"nan_in_features" in read(told))  # frames are judged after their receipt
    return run


def read(url: str) -> bytes:
    """What a server answers to a GET."""
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        return bytes(answer.read())


DIAGNOSIS = events.Diagnosis(
    "nan_loss",
    "critical",
    NAN_STEP,
    (
        events.Cause(
            "nan_in_features",
            0.97,
            "Two rows of the batch hold NaN.",
            (events.Evidence("rows with NaN", "2 of 32", "none"),),
            {"epoch": 1, "batch": 17, "rows": [3, 9], "columns": [2], "column_names": ["bill_mm"]},
            events.Fix("Drop the rows.", "- model.fit(x, y)\n+ model.fit(x[ok], y[ok])"),
            verified=True,
        ),
        events.Cause("lr_too_high", 0.1, "The rate is high.", fix=events.Fix("Lower it.")),
    ),
)


def barriers(page: Page, axe: str) -> list[tuple[str, str]]:
    """What axe finds in the way of people: the rule, and where."""
    page.evaluate(axe)
    rules = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("(rules) => axe.run(document, {runOnly: rules})", rules)
    return [(each["id"], str(each["nodes"][0]["failureSummary"])) for each in found["violations"]]


def page_on_screen(browser: Browser, url: str, sharp: int) -> Page:
    """A new page on a desktop screen with `sharp` pixels for one of the page, each way."""
    context = browser.new_context(
        base_url=url,
        viewport={"width": 1440, "height": 1000},
        device_scale_factor=sharp,
        reduced_motion="reduce",
    )
    return context.new_page()


def watch(page: Page, url: str) -> list[str]:
    """Collect what must not happen. A lost server is said by the network and is no problem."""
    problems: list[str] = []

    def requested(request: Request) -> None:
        if not request.url.startswith((url, "data:", "blob:")):
            problems.append(f"foreign request: {request.url}")

    page.on("request", requested)
    page.on("pageerror", lambda error: problems.append(f"error: {error}"))
    page.on(
        "console",
        lambda said: (
            problems.append(f"{said.type}: {said.text}")
            if said.type in ("error", "warning") and "net::ERR_" not in said.text
            else None
        ),
    )
    return problems
