"""A batch that stands out is suspected; a loss that comes back from a spike has not exploded."""

import math

import numpy as np
import pytest

from nanwatch.detectors import ExplosionDetector, SpikeDetector

RANDOM = np.random.default_rng(5)


def noisy(n=60, spread=0.2):
    return np.exp(spread * RANDOM.normal(size=n))


def suspected(losses):
    detector = SpikeDetector("batch/loss")
    return [step for step, loss in enumerate(losses) if detector.update(step, loss)]


def exploded(losses):
    detector = ExplosionDetector("batch/loss")
    signals = [
        signal for step, loss in enumerate(losses) if (signal := detector.update(step, loss))
    ]
    return [signal.first_step for signal in signals]


@pytest.mark.parametrize("times", [30, 1e4, 1e12])
def test_a_batch_that_stands_out_is_suspected_at_once(times):
    losses = noisy()
    losses[40] *= times
    assert suspected(losses) == [40]


@pytest.mark.parametrize(
    "losses",
    [
        noisy(),
        noisy(spread=1.0),
        np.exp(-np.arange(100) / 10),
        np.concatenate([np.exp(-np.arange(30) / 10), np.full(10, 0.3)]),
        np.full(50, -3.0),
        np.full(50, math.nan),
    ],
    ids=["noise", "much noise", "falling", "restart", "negative", "nan"],
)
def test_an_ordinary_loss_is_not_suspected(losses):
    assert suspected(losses) == []


def test_spikes_close_together_are_one_and_later_ones_another():
    losses = noisy(120)
    losses[[40, 42, 43, 90]] = 500.0
    assert suspected(losses) == [40, 90]


@pytest.mark.parametrize("rate", [0.8, 0.9])
def test_a_spike_from_which_the_loss_comes_back_is_no_explosion(rate):
    back = np.maximum(1e4 * rate ** np.arange(120), noisy(120))
    losses = np.concatenate([noisy(), back])
    assert suspected(losses) == [60]
    assert exploded(losses) == []


def test_a_loss_that_grows_or_stays_high_has_exploded_where_it_began_to():
    grown = np.concatenate([noisy(), 3.0 ** np.arange(1, 40)])
    stays = np.concatenate([noisy(), 1e4 * noisy(120, 0.01)])
    assert exploded(grown)[0] in (62, 63, 64)
    assert exploded(stays) == [60]
