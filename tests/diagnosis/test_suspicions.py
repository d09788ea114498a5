"""The silent symptoms: seeded courses in, suspicions out, and none for healthy ones."""

import numpy as np
import pytest

from nanwatch.detectors import Course, Curve, suspicions


def course(values, **more):
    curve = Curve()
    for loss in values:
        curve.add(float(loss))
    told = {"guess": 1.0, "losses": ("MeanSquaredError",), "lowest": 0.0, "last_step": curve.n - 1}
    return Course(loss=curve, **{**told, **more})


def noisy(level, n=400, sigma=0.05, seed=0):
    return np.broadcast_to(level, n) * np.exp(np.random.default_rng(seed).normal(0, sigma, n))


def falling(start=2.0, end=0.1, n=400):
    return np.geomspace(start, end, n)


def symptoms(values, **more):
    return [signal.symptom for signal in suspicions(course(values, **more))]


@pytest.mark.parametrize(
    ("losses", "more"),
    [
        (noisy(falling()), {}),
        (noisy(0.1), {}),
        (noisy(1.0, n=30), {}),
        (noisy(np.concatenate([np.full(300, 1.0), falling(1.0, 0.1, 100)])), {}),
        (noisy(falling(1e8, 1e6)), {"guess": 1e8}),
        (noisy(falling()) - 3.0, {"lowest": None, "guess": -0.5}),
        (noisy(falling(), sigma=1.0), {}),
        (noisy(falling()), {"epochs": {"loss": (1.0, 0.5, 0.3), "val_loss": (1.0, 0.6, 0.7)}}),
    ],
    ids=[
        "falling",
        "converged already",
        "too short to judge",
        "plateau, then fall",
        "huge but falling",
        "negative by right",
        "batches of one",
        "validation a little up",
    ],
)
def test_a_healthy_course_is_left_in_peace(losses, more):
    assert symptoms(losses, **more) == []


def test_a_loss_that_does_not_fall_is_stuck():
    assert symptoms(noisy(1.1))[0] == "loss_stuck"


def test_a_known_plateau_is_named():
    stuck = next(s for s in suspicions(course(np.full(200, 16.118))) if s.symptom == "loss_stuck")
    assert "-ln(1e-7)" in stuck.seen


def test_a_fall_to_a_constant_guess_is_underfit():
    assert symptoms(noisy(falling(9.0, 1.0))) == ["underfit"]


def test_a_penalty_does_not_count_as_loss_of_the_data():
    assert symptoms(noisy(falling(9.0, 1.3)), penalty=1.1) == []


def test_far_above_a_constant_guess_is_huge():
    assert "huge_loss" in symptoms(noisy(falling(1e4, 500.0)))


def test_a_crossentropy_that_no_guess_could_have_is_huge():
    kind = ("CategoricalCrossentropy",)
    assert "huge_loss" in symptoms(noisy(15.0), losses=kind, guess=np.nan)


def test_below_the_lower_bound_is_negative():
    assert symptoms(noisy(falling()) - 2.5)[0] == "negative_loss"


def test_a_fall_without_bound_is_negative():
    runaway = 1.0 - np.arange(400.0) ** 2
    assert symptoms(runaway, lowest=None, guess=np.nan)[0] == "negative_loss"


def test_a_fall_that_gets_ever_steeper_is_negative_before_it_is_far():
    steps = np.arange(400.0)
    steeper, nearing = -12.0 * (steps / 400) ** 2, -12.0 * (1.0 - np.exp(-steps / 100))
    assert symptoms(steeper, lowest=None, guess=np.nan)[0] == "negative_loss"
    assert symptoms(steeper / 2, lowest=None, guess=np.nan) == []
    assert symptoms(nearing, lowest=None, guess=np.nan) == []


def test_a_negative_loss_is_dated_by_its_first_value_below_the_bound():
    (signal, *_) = suspicions(course(1.0 - np.arange(200.0) / 40))
    assert (signal.symptom, signal.first_step) == ("negative_loss", 41)


def test_nothing_compared_is_zero():
    assert symptoms(np.full(200, 1e-7), guess=1e-7)[0] == "zero_loss"


def test_epochs_that_swing_are_oscillating():
    swinging = tuple(1.0 + 0.5 * (-1) ** epoch for epoch in range(12))
    losses = np.repeat(swinging, 20)
    assert "oscillating" in symptoms(losses, epochs={"loss": swinging}, guess=2.0)


VAL = (1.0, 0.7, 0.5, 0.55, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2)
TRAIN = tuple(np.geomspace(1.0, 0.05, 10))


def test_validation_that_rises_for_good_is_overfit():
    assert symptoms(falling(), epochs={"loss": TRAIN, "val_loss": VAL}, planned=10) == ["overfit"]


def test_a_run_that_was_stopped_early_does_not_overfit():
    assert symptoms(falling(), epochs={"loss": TRAIN, "val_loss": VAL}, planned=100) == []


def test_validation_that_stays_far_below_a_guess_is_left_in_peace():
    epochs = {"loss": TRAIN, "val_loss": tuple(0.3 * value for value in VAL)}
    assert symptoms(falling(), epochs=epochs, planned=10) == []
    assert symptoms(falling(), epochs=epochs, planned=10, guess=0.4) == ["overfit"]
