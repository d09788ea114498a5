"""The brain: events in, diagnoses out, the same on both sides."""

import math

import numpy as np
import pytest

from nanwatch.events import Diagnosed, Diagnosis, FactsLearned, Heartbeat, Points, RunStarted
from nanwatch.watcher import Watcher

SGD = {"optimizer": {"class": "SGD", "learning_rate": 5.0, "config": {}}}


def points(first, **series):
    """A block of points; `loss` is the series batch/loss."""
    n = len(next(iter(series.values())))
    columns = {f"batch/{name}": np.array(column, float) for name, column in series.items()}
    return Points(np.arange(first, first + n), columns)


def epochs(val_loss, ends=None):
    """The ends of epochs; `ends` are their last steps."""
    columns = {"epoch/val_loss": np.array(val_loss, float)}
    if ends is not None:
        columns["epoch/last_step"] = np.array(ends, float)
    return Points(np.arange(len(val_loss)), columns)


def fed(*events, facts=None):
    watcher = Watcher()
    found = [
        d
        for event in (RunStarted("r", "p", facts=facts or SGD), *events)
        for d in watcher.feed(event)
    ]
    return [(d.symptom, d.first_step) for d in found]


def test_a_nan_is_diagnosed_at_its_step_once():
    assert fed(points(0, loss=[1, 0.9, math.nan, math.nan]), points(4, loss=[math.inf])) == [
        ("nan_loss", 2)
    ]


def test_what_was_not_finite_first_is_part_of_the_diagnosis():
    for columns, fault in [
        ({"loss": [1.0, math.nan], "grad_norm": [1.0, math.nan]}, "loss"),
        ({"loss": [1.0, 1.0], "grad_norm": [1.0, math.inf]}, "gradient"),
        ({"g_loss": [math.inf], "grad_norm": [math.nan]}, "loss"),
    ]:
        (found,) = Watcher().feed(points(0, **columns))
        assert (found.symptom, found.fault) == ("nan_loss", fault)


def test_a_healthy_run_has_none():
    assert fed(points(0, loss=np.exp(-np.arange(300) / 50), grad_norm=[3.0] * 300)) == []


def test_how_the_points_are_cut_into_blocks_changes_nothing():
    loss = np.concatenate([np.full(40, 0.5), 0.5 * 3.0 ** np.arange(60), [math.nan]])
    whole = fed(points(0, loss=loss))
    assert [symptom for symptom, _ in whole] == ["exploding_loss", "nan_loss"]
    assert fed(*(points(at, loss=loss[at : at + 7]) for at in range(0, len(loss), 7))) == whole


def test_the_order_of_series_in_a_block_changes_nothing():
    block = {"loss": [2.0, math.nan], "grad_norm": [1.0, math.nan]}
    assert fed(points(0, **block)) == fed(points(0, **dict(reversed(block.items()))))


def test_a_bad_gradient_counts_but_under_loss_scaling():
    block = points(0, loss=[1.0, 1.0], grad_norm=[1.0, math.inf])
    assert fed(block) == [("nan_loss", 1)]
    assert fed(block, facts={"loss_scaling": True}) == []


def test_facts_learned_later_count():
    block = points(0, loss=[1.0], grad_norm=[math.inf])
    assert fed(FactsLearned({"loss_scaling": True}), block) == []


def test_what_the_callback_has_diagnosed_is_not_told_again():
    known = Diagnosed(Diagnosis("nan_loss", "critical", 1))
    assert fed(known, points(0, loss=[1.0, math.nan])) == []


def test_validation_alone_has_its_own_symptom():
    assert [symptom for symptom, _ in fed(epochs([0.5, math.nan]))] == ["nan_val_only"]


@pytest.mark.parametrize(
    ("ends", "step"),
    [([19, 39], 39), ([math.nan, math.nan], 37), ([19, 1e300], 37), (None, 37)],
    ids=["known", "NaN", "beyond all steps", "not told"],
)
def test_a_symptom_of_an_epoch_is_dated_by_its_last_step(ends, step):
    assert fed(points(30, loss=[0.5] * 8), epochs([0.5, math.nan], ends)) == [
        ("nan_val_only", step)
    ]


def test_a_symptom_of_an_epoch_without_any_known_step_has_no_date():
    assert fed(epochs([0.5, math.nan])) == [("nan_val_only", None)]


def test_metrics_may_be_nan():
    block = Points(np.array([0]), {"batch/accuracy": np.array([math.nan])})
    assert fed(block, Heartbeat(3, 0.0)) == []


def test_the_history_of_a_case_ends_at_its_step():
    watcher = Watcher()
    losses = [float(value) for value in range(1, 400)]
    for step, loss in enumerate(losses):
        assert watcher.observe("batch/learning_rate", step, 0.1) is None
        watcher.observe("batch/loss", step, loss)
    signal = watcher.observe("batch/loss", 399, math.nan)
    history = watcher.case(signal).history
    assert (history.start, history.loss[-2], history.seen) == (1.0, 399.0, 400)
    assert history.growth == 399.0
    assert history.learning_rate[-1] == 0.1


def test_growth_from_the_stream_alone_points_to_the_rate():
    watcher = Watcher()
    watcher.feed(RunStarted("r", "p", facts=SGD))
    (diagnosis,) = watcher.feed(points(0, loss=[1.0, 1e3, 1e9, math.nan]))
    assert diagnosis.label == "lr_too_high"
