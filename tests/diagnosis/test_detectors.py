"""The detectors: seeded streams in, exact steps out, and nothing for healthy trainings."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nanwatch.detectors import ExplosionDetector, NonFiniteDetector

STEPS = np.arange(600)


def noise(seed, sigma=0.2, n=600):
    return np.exp(np.random.default_rng(seed).normal(0.0, sigma, n))


def signals(losses, detector=None):
    detector = detector or ExplosionDetector("batch/loss")
    found = [(at, detector.update(at, float(loss))) for at, loss in enumerate(losses)]
    return [(at, signal) for at, signal in found if signal is not None]


def exploding(growth, calm=300, seed=0):
    """`calm` ordinary steps, then each `growth` times the one before, up to float32's limit."""
    power = np.minimum((STEPS - calm).clip(min=0) * math.log(growth), 88.0)
    return noise(seed, 0.1) * np.exp(power)


HEALTHY = {
    "noise": noise(1),
    "noise of sigma 2 in the logarithm": noise(2, 2.0),
    "decay": noise(3) * np.exp(-STEPS / 50),
    "huge but falling": 1e12 * noise(4) * np.exp(-STEPS / 80),
    "warm-up spike": noise(5) * np.where((STEPS > 20) & (STEPS < 26), 40.0, 1.0),
    "restarts of the learning rate": noise(6) * np.exp(-(STEPS % 150) / 20),
    "a single spike": noise(7) * np.where(STEPS == 400, 1e6, 1.0),
    "a loss that falls without bound": -np.exp(STEPS / 40.0),
    "from positive to negative": 5.0 - STEPS / 10.0 + noise(8),
    "exactly zero": np.zeros(600),
    "converged to rounding noise": noise(9, 1.0) * np.maximum(np.exp(-STEPS / 5.0), 1e-14),
    "an easy and a hard batch in turn": noise(10) * np.where(STEPS % 2, 300.0, 1.0),
    "rare hard batches": noise(11) * np.where(STEPS % 8 == 0, 1e3, 1.0),
    "a plateau threefold up": noise(12) * np.where(STEPS > 300, 3.0, 1.0),
    "a harder curriculum after an easy one": noise(13) * np.where(STEPS > 300, 8.0, 1.0),
    "grokking": noise(14) * np.where(STEPS > 300, 1e-4, 1.0),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_training_stays_quiet(name):
    assert signals(HEALTHY[name]) == []


@pytest.mark.parametrize("seed", range(8))
def test_noise_of_sigma_two_stays_quiet_for_long(seed):
    assert signals(noise(seed, 2.0, 5000)) == []


@pytest.mark.parametrize(("growth", "within"), [(1.05, 170), (1.3, 25), (3.0, 12)])
@pytest.mark.parametrize("seed", range(3))
def test_an_explosion_is_seen_however_fast_it_is(growth, within, seed):
    ((proven_at, signal),) = signals(exploding(growth, seed=seed))
    assert signal.symptom == "exploding_loss"
    assert 300 < signal.first_step <= proven_at <= 300 + within


def test_a_training_that_diverges_from_its_first_step_is_seen():
    ((_, signal),) = signals(1.5 ** np.arange(60))
    assert signal.first_step <= 25
    assert "times the usual" in signal.seen


def test_a_slow_divergence_out_of_a_trained_state_is_seen_a_thousandfold_above_the_start():
    losses = noise(0, 0.1) * np.exp(-STEPS.clip(max=300) / 60) * 1.05 ** (STEPS - 300).clip(min=0)
    ((_, signal),) = signals(losses)
    assert 700 < losses[signal.first_step] / losses[0] < 1500


def test_an_exact_stream_gives_an_exact_step():
    ((proven_at, signal),) = signals([1.0] * 20 + [50.0] * 20)
    assert (signal.first_step, proven_at) == (20, 27)
    assert signal.seen == "50, 50 times the usual 1"


def test_it_signals_once_while_the_loss_stays_high():
    assert len(signals(np.concatenate([noise(0, n=100), 1e4 * noise(1, n=400)]))) == 1


def test_it_rearms_when_the_loss_has_come_back():
    hill = [1.0] * 30 + [100.0] * 20
    found = signals(hill + hill)
    assert [signal.first_step for _, signal in found] == [30, 80]


def test_values_that_are_not_finite_are_left_to_their_own_detector():
    assert signals([1.0] * 20 + [math.nan, math.inf] * 20) == []


@settings(max_examples=40)
@given(
    st.integers(0, 1000),
    st.floats(1e-15, 1e15),
    st.sampled_from([exploding(1.05), exploding(1.3), exploding(3.0), *HEALTHY.values()]),
)
def test_a_loss_in_other_units_changes_no_signal(seed, unit, losses):
    shuffled = losses * noise(seed, 0.05)
    steps = [(at, signal.first_step) for at, signal in signals(shuffled)]
    assert [(at, signal.first_step) for at, signal in signals(shuffled * unit)] == steps


@pytest.mark.parametrize(
    ("value", "word"), [(math.nan, "NaN"), (math.inf, "+Inf"), (-math.inf, "-Inf")]
)
def test_the_first_value_that_is_not_finite_is_named(value, word):
    ((at, signal),) = signals([1.0, 0.5, value, 0.4], NonFiniteDetector("batch/loss"))
    assert (at, signal.first_step, signal.seen) == (2, 2, word)
    assert (signal.symptom, signal.severity) == ("nan_loss", "critical")


def test_nonfinite_values_are_told_once():
    assert len(signals([math.nan] * 50 + [1.0] * 50 + [math.inf], NonFiniteDetector("x"))) == 1


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_finite_values_of_any_size_are_finite(values):
    assert signals(values, NonFiniteDetector("batch/loss")) == []
