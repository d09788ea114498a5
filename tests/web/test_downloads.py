"""Every chart can be had as a file."""

from __future__ import annotations

import csv
import math
import re
import struct
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from nanwatch.events import Points
from web.served import NAN_STEP, STEPS, RunningServer, broken_run, healthy_run
from web.test_run_page import LOSS, opened


def downloaded(page: Page, folder: Path, choice: str, chart: str = "key:loss") -> Path:
    """The file that a choice of a chart's menu gives."""
    menu = page.locator(f"[data-chart='{chart}'] .menu")
    menu.locator("summary").click()
    with page.expect_download() as download:
        menu.get_by_role("button", name=choice).click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text().splitlines()))


def test_csv_holds_every_point_exactly(page: Page, server: RunningServer, tmp_path: Path) -> None:
    broken_run(server.url)
    opened(page)
    file = downloaded(page, tmp_path, "CSV, every point")
    assert file.name == "penguins-Loss-points.csv"
    loss = [row for row in rows(file) if row["series"] == "batch/loss"]
    assert [int(row["step"]) for row in loss] == list(range(STEPS))
    values = [float(row["value"]) for row in loss]
    assert values[:NAN_STEP] == [1.0 / (1 + i) + 0.2 for i in range(NAN_STEP)]
    assert all(math.isnan(value) for value in values[NAN_STEP:])


def test_csv_of_a_zoomed_chart_holds_what_is_in_view(
    page: Page, server: RunningServer, tmp_path: Path
) -> None:
    broken_run(server.url)
    page.goto("/runs/broken?steps=15-30")
    page.wait_for_function("(plot) => document.querySelector(plot)?.data?.length", arg=LOSS)
    found = rows(downloaded(page, tmp_path, "CSV, every point"))
    steps = [int(row["step"]) for row in found if row["series"] == "batch/loss"]
    assert (steps[0], steps[-1]) == (15, 30)
    assert [row["step"] for row in found if row["series"] == "epoch/val_loss"] == ["0"]


def test_a_run_too_long_for_a_page_comes_in_buckets_and_says_so(
    page: Page, server: RunningServer, tmp_path: Path
) -> None:
    run = broken_run(server.url, "long")
    for begin in range(STEPS, 600_000 + STEPS, 50_000):
        steps = np.arange(begin, begin + 50_000)
        run.send(Points(steps, {"batch/loss": np.ones(len(steps))}))
    opened(page, "long")
    file = downloaded(page, tmp_path, "CSV in buckets")
    loss = [row for row in rows(file) if row["series"] == "batch/loss"]
    assert file.name == "penguins-Loss-buckets.csv"
    assert sum(int(row["points"]) for row in loss) == 600_000 + STEPS
    assert sum(int(row["nonfinite"]) for row in loss) == STEPS - NAN_STEP


def test_pictures_stand_alone(page: Page, server: RunningServer, tmp_path: Path) -> None:
    broken_run(server.url)
    opened(page)
    png = downloaded(page, tmp_path, "PNG picture").read_bytes()
    assert struct.unpack(">II", png[16:24]) == (2000, 1000)
    svg = downloaded(page, tmp_path, "SVG picture").read_text()
    words = re.sub("<[^>]+>", "\n", svg).splitlines()
    assert {"penguins: Loss", "loss", "val_loss", "NaN", "step"} <= set(words)


def test_the_picture_of_a_heat_map_is_a_heat_map(
    page: Page, server: RunningServer, tmp_path: Path
) -> None:
    run = broken_run(server.url)
    layers = {f"layer/l{row}/grad_norm": np.geomspace(1, 1e4, 20) for row in range(3)}
    run.send(Points(np.arange(20), layers))
    opened(page)
    svg = downloaded(page, tmp_path, "SVG picture", "layer:grad_norm").read_text()
    words = re.sub("<[^>]+>", "\n", svg).splitlines()
    assert "<image" in svg
    assert {"penguins: Layers: gradient norm", "l0", "l2", "step"} <= set(words)


def test_compared_runs_are_had_as_picture_and_as_numbers(
    page: Page, server: RunningServer, tmp_path: Path
) -> None:
    broken_run(server.url)
    healthy_run(server.url)
    page.goto("/compare?runs=broken,healthy")
    page.wait_for_function("() => document.querySelector('.plot')?.data?.length")
    page.locator(".plot").evaluate("(plot) => plot.closest('figure').dataset.chart = 'all'")
    png = downloaded(page, tmp_path, "PNG picture", "all").read_bytes()
    assert struct.unpack(">II", png[16:24]) == (2000, 1000)
    svg = downloaded(page, tmp_path, "SVG picture", "all").read_text()
    assert {"Loss of 2 runs", "penguins", "NaN"} <= set(re.sub("<[^>]+>", "\n", svg).splitlines())
    found = rows(downloaded(page, tmp_path, "CSV, every point", "all"))
    count = [sum(row["run"] == name for row in found) for name in ("penguins", "calm-otter-17")]
    assert count == [STEPS, 30]


def test_the_menu_is_used_with_the_keyboard(page: Page, server: RunningServer) -> None:
    broken_run(server.url)
    opened(page)
    menu = page.locator("[data-chart='key:loss'] .menu")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(menu.get_by_role("button", name="PNG picture")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu.locator("summary")).to_be_focused()
    expect(menu.get_by_role("button", name="PNG picture")).to_be_hidden()
    with page.expect_download():
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
