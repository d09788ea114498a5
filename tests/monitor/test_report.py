"""The report: one file that tells a run without a server, and harms nobody."""

import json
import re

import numpy as np
import pytest

from frames import frame, opening, points
from nanwatch.events import Cause, Diagnosed, Diagnosis, Evidence, Fix
from nanwatch_monitor.report.figures import figures
from nanwatch_monitor.series.columns import Curve
from nanwatch_monitor.series.overview import overview
from nanwatch_monitor.series.tree import of_points
from servers import wait_for

EVIL = "<script>alert(1)</script>"


def curve(values):
    """An overview of a few points."""
    points = Curve(np.arange(len(values)), np.array(values, float))
    return overview(of_points(points), 50, points.nonfinite())


def axis_of(one):
    """The y axis of a chart of one series."""
    return figures({"batch/loss": one})[0].plot["layout"]["yaxis2"]


def plots(html):
    (found,) = re.findall(r'id="figures">(.*?)</script>', html, re.DOTALL)
    return json.loads(found)


@pytest.fixture
def told(any_server):
    """The report of a run that went wrong, as it is served."""
    fix = Fix("Scale the columns.", "x = (x - mean) / std")
    seen = (Evidence("largest input", "1e6 & more", "about 1"),)
    cause = Cause("unscaled_features", 0.93, f"Too large {EVIL}", seen, {"batch": 3}, fix, True)
    found = Diagnosed(Diagnosis("nan_loss", "critical", 3, (cause,)))
    first = opening(name=EVIL, config={"rate": {"first": 0.5}, EVIL: EVIL})
    losses = points([0, 1, 2, 3], batch_loss=[1.0, 0.5, np.inf, np.nan])
    any_server.client.send(first, frame(1, losses, found))
    wait_for(lambda: any_server.client.get("/runs/run1/diagnoses")["diagnoses"])
    return any_server.client.ask("GET", "/api/v1/runs/run1/report")


def test_it_tells_what_was_found_and_the_fix(told):
    html = told.data.decode()
    for words in (
        "unscaled_features",
        "93 %",
        "1e6 &amp; more",
        "(x - mean) / std",
        "fix held in a replay",
    ):
        assert words in html
    assert "rate.first" in html


def test_nothing_that_a_run_says_becomes_markup(told):
    assert EVIL not in told.data.decode()
    assert "&lt;script&gt;alert(1)" in told.data.decode()


def test_it_is_a_file_to_keep_and_loads_nothing(told):
    assert told.headers["content-disposition"].startswith("attachment; filename=")
    assert told.headers["content-security-policy"] == "sandbox"
    html = told.data.decode()
    page = html[: html.index("<script>")]
    assert "http" not in page
    assert "src=" not in page


def test_values_that_are_not_finite_stand_on_a_rail(told):
    (loss,) = plots(told.data.decode())
    rail = next(trace for trace in loss["data"] if "not finite" in trace["name"])
    assert list(zip(rail["x"], rail["text"], strict=True)) == [(2, "+Inf"), (3, "NaN")]
    assert [words["text"] for words in loss["layout"]["annotations"]] == ["+Inf from step 2"]


def test_the_loss_stands_first_and_layers_last():
    names = [
        "layer/a/grad_norm",
        "epoch/accuracy",
        "batch/grad_norm",
        "epoch/val_loss",
        "batch/loss",
    ]
    titles = [figure.title for figure in figures({name: curve([1.0, 2.0]) for name in names})]
    assert titles[:2] == ["Loss, by batch", "Loss, by epoch"]
    assert titles[-1] == "Layers: grad norm"


def test_the_last_finite_loss_is_the_exact_one_before_the_failure(told):
    assert re.search(r"Last finite loss</dt><dd>0.5</dd>", told.data.decode())


def test_many_layers_are_a_heat_map_with_red_where_they_are_not_finite():
    layers = {f"layer/l{row}/grad_norm": curve([0.1, 10.0, np.nan]) for row in range(30)}
    (figure,) = figures(layers)
    heat, odd = figure.plot["data"]
    assert (heat["y"][0], heat["z"][0]) == ("l0", [-1.0, 1.0, None])
    assert odd["z"][29] == [None, None, 1]
    assert figure.wide
    assert figure.height > figures({"batch/loss": curve([1.0])})[0].height


@pytest.mark.parametrize("layers", [1, 9])
def test_names_in_charts_are_text(layers):
    link = "<a href='https://x.example'>y</a>"
    names = [f"layer/{link}{row}/grad_norm" for row in range(layers)]
    assert "<a" not in json.dumps(figures({name: curve([1.0]) for name in names})[0].plot)


def test_epochs_are_counted_from_one():
    (figure,) = figures({"epoch/val_loss": curve([3.0, 2.0, np.nan])})
    rail = figure.plot["data"][1]
    assert rail["x"] == [3]
    assert figure.plot["layout"]["annotations"][0]["text"] == "NaN from epoch 3"


def test_the_measures_of_an_array_share_a_chart():
    names = ["input/x/min", "input/x/max", "input/x/mean", "input/x/std"]
    (figure,) = figures({name: curve([1.0, 2.0]) for name in names})
    assert figure.title == "input/x"
    assert [line["name"] for line in figure.plot["data"]] == ["min", "max", "mean", "std"]


def test_ticks_of_a_log_axis_are_whole_numbers():
    assert axis_of(curve([0.4, 3e3]))["ticktext"] == ["0.1", "1", "10", "100", "1,000", "10,000"]
    assert axis_of(curve([0.4, 30.0]))["ticktext"][:4] == ["0.1", "0.2", "0.5", "1"]


def test_a_wide_axis_is_logarithmic_and_one_with_zero_is_not():
    wide, zero = curve([1e-4, 1.0]), curve([0.0, 1.0])
    assert [axis_of(one)["type"] for one in (wide, zero)] == ["log", "linear"]


def test_the_axis_of_a_value_that_never_changes_fits_it():
    assert axis_of(curve([1e-3] * 5))["range"] == [0.0, 2e-3]
    assert axis_of(curve([np.nan, np.nan]))["type"] == "linear"


def test_an_unknown_run_has_no_report(any_server):
    assert any_server.client.ask("GET", "/api/v1/runs/nobody/report").status == 404
