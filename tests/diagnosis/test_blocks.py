"""Points that are looked at together: the same is said and remembered as point by point."""

import copy
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nanwatch import memory
from nanwatch.blocks import joined
from nanwatch.detectors import ExplosionDetector, NonFiniteDetector, SpikeDetector, Stretch
from nanwatch.events import FactsLearned, Points
from nanwatch.lasting_watcher import KINDS, LastingWatcher

ODD = [math.nan, math.inf, -math.inf, 0.0, -1.0, 1e-300, 1e4, 1e9, 1e308]
LOSS, NORM, RATE = "batch/loss", "batch/grad_norm", "batch/learning_rate"

plants = st.lists(
    st.tuples(st.sampled_from([LOSS, NORM, RATE]), st.integers(0, 699), st.sampled_from(ODD)),
    max_size=6,
)
explosions = st.none() | st.tuples(st.integers(20, 600), st.floats(0.01, 0.5))
sigmas = st.sampled_from([0.0, 0.1, 0.5, 1.0, 2.0])


def course(seed, sigma, explosion, planted):
    """A loss that falls noisily, may explode for a while, and has odd values planted in it."""
    random, at = np.random.default_rng(seed), np.arange(700)
    level = sigma * random.standard_normal(700) - at / random.choice([50, 300, 5000])
    if explosion is not None:
        level += np.clip((at - explosion[0]) * explosion[1], 0, 40) * (at < explosion[0] + 150)
    columns = {LOSS: np.exp(level), NORM: np.exp(random.standard_normal(700)), RATE: at / 1e5}
    for name, row, value in planted:
        columns[name][row] = value
    return columns


def cut(columns, begin, end):
    return Points(np.arange(begin, end), {name: v[begin:end] for name, v in columns.items()})


def say(watcher, events):
    return [repr(diagnosis) for event in events for diagnosis in watcher.feed(event)]


@settings(deadline=None)
@given(st.integers(0, 2**32), sigmas, explosions, plants, st.lists(st.integers(1, 699), max_size=8))
def test_any_cut_into_blocks_says_and_remembers_the_same(seed, sigma, explosion, planted, cuts):
    columns = course(seed, sigma, explosion, planted)
    one_by_one, together = LastingWatcher(), LastingWatcher()
    edges = sorted({0, *cuts, 700})
    said = say(one_by_one, [cut(columns, row, row + 1) for row in range(700)])
    assert said == say(together, map(cut, [columns] * 700, edges, edges[1:]))
    assert one_by_one.remembered() == together.remembered()


@settings(deadline=None)
@given(st.integers(0, 2**32), sigmas, explosions, plants, st.integers(64, 600))
@pytest.mark.parametrize("kind", [SpikeDetector, ExplosionDetector, NonFiniteDetector])
def test_what_a_detector_calls_quiet_is_no_news_to_it(kind, seed, sigma, explosion, planted, known):
    values = course(seed, sigma, explosion, planted)[LOSS]
    detector = kind(LOSS)
    for step, value in enumerate(values[:known].tolist()):
        detector.update(step, value)
    other, coming = copy.deepcopy(detector), Stretch(values[known:])
    quiet = coming[: detector.quiet(coming)]
    assert [other.update(0, value) for value in quiet.values.tolist()] == [None] * len(quiet)
    detector.pass_over(quiet)
    assert memory.freeze(detector, KINDS) == memory.freeze(other, KINDS)


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e30])
@pytest.mark.parametrize("row", [0, 1, 63, 64, 65, 1023, 1024, 1025, 2999])
def test_no_odd_loss_is_passed_over(row, value):
    loss = np.ones(3000)
    loss[row:] = value
    found = LastingWatcher().feed(Points(np.arange(3000), {LOSS: loss}))
    explosion_needs = row > 0 and row + 8 <= 3000
    assert [d.first_step for d in found] == [row] * (not math.isfinite(value) or explosion_needs)


def test_blocks_of_the_same_watched_series_come_as_one():
    rows = [Points(np.array([at]), {LOSS: np.ones(1), "layer/a": np.ones(1)}) for at in range(3)]
    drawn = Points(np.array([0]), {"time": np.ones(1)})
    (block,) = joined([rows[0], drawn, *rows[1:]])
    assert block == Points(np.arange(3), {LOSS: np.ones(3)})


def test_what_stands_between_blocks_and_epochs_keep_their_places():
    row, facts = Points(np.arange(1), {LOSS: np.ones(1)}), FactsLearned({"epochs": 3})
    epoch = Points(np.arange(1), {"epoch/loss": np.ones(1)})
    assert list(joined([row, facts, row, epoch, epoch])) == [row, facts, row, epoch, epoch]
