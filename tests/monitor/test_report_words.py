"""A report's words: what happened, where, how it stands, and the run in numbers."""

import numpy as np
import pytest

from nanwatch.diagnosis.cause import REPLAY
from nanwatch.events import Cause, Diagnosis, Evidence
from nanwatch_monitor.report import words
from nanwatch_monitor.series.columns import Curve
from nanwatch_monitor.series.overview import overview
from nanwatch_monitor.series.tree import of_points

RUN = {
    "started_at": "2026-01-02T03:04:05.000+00:00",
    "ended_at": "2026-01-02T04:05:06.000+00:00",
    "updated_at": None,
    "last_step": 9999,
    "best_val_loss": 0.123456,
    "facts": {"optimizer": {"class": "Adam", "learning_rate": 0.001}, "policy": "float32"},
}


def curve(values):
    """An overview of a few points."""
    points = Curve(np.arange(len(values)), np.array(values, float))
    return overview(of_points(points), 50, points.nonfinite())


def test_a_symptom_is_a_sentence():
    assert words.sentence(Diagnosis("nan_loss", "critical", 4120)) == (
        "The loss is not finite at step 4,120"
    )
    assert words.sentence(Diagnosis("overfit", "warning", None)) == "The model overfits"


def test_a_gradient_that_is_not_finite_is_not_called_a_loss():
    found = Diagnosis("nan_loss", "critical", 1, fault="gradient")
    assert words.sentence(found) == "The gradient is not finite at step 1"


def test_places_are_told_for_people():
    cause = Cause("x", 0.5, "", where={"epoch": 0, "batch": 17, "rows": list(range(10))})
    assert words.where(cause) == [
        ("batch", "epoch 1, batch 17"),
        ("rows", "0, 1, 2, 3, 4, 5, 6, 7 and 2 more"),
    ]


def test_a_replay_is_told_beside_the_fix_and_not_among_the_checks():
    seen = (Evidence("rows", "2", "none", False), Evidence(REPLAY, "fell to 0.3", "finite", True))
    cause = Cause("x", 0.5, "", seen, verified=True)
    assert [standing for standing, _ in words.checks(cause)] == ["differs"]
    assert words.tried(cause) == "The fix held in a replay: fell to 0.3"


def test_lines_of_a_change_say_whether_they_go_or_come():
    assert words.change("- a\n+ b\nc") == [("del", "- a"), ("add", "+ b"), ("", "c")]


def test_the_head_tells_what_is_known_and_leaves_out_the_rest():
    told = words.facts(RUN, 0.5)
    assert told == [
        ("Started", "02 Jan 2026, 03:04 UTC"),
        ("Took", "1 h 1 min"),
        ("Steps", "10,000"),
        ("Last finite loss", "0.5"),
        ("Best val_loss", "0.1235"),
        ("Optimizer", "Adam, 0.001"),
        ("Precision", "float32"),
    ]


def test_facts_of_another_shape_do_no_harm():
    odd = RUN | {"facts": {"optimizer": "Adam", "loss": "mse", "model": None}, "ended_at": None}
    assert dict(words.facts(odd, None)).keys() == {"Started", "Steps", "Best val_loss"}


@pytest.mark.parametrize(
    ("values", "numbers"),
    [([1.0, 4.0, np.inf], ("3", "1", "4", "1")), ([np.nan], ("1", "", "", "1"))],
)
def test_a_series_is_summed_up(values, numbers):
    assert words.summary({"batch/loss": curve(values)}) == [("batch/loss", *numbers)]
