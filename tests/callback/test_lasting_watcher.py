"""A watcher that goes on where another one stopped says what that one would have said."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanwatch import memory
from nanwatch.events import Diagnosed, Diagnosis, FactsLearned, Points, RunStarted
from nanwatch.lasting_watcher import LastingWatcher

values = st.floats(0.01, 10) | st.sampled_from([math.nan, math.inf, 1e9, -1.0, 0.0])
names = st.sampled_from(["batch/loss", "batch/grad_norm", "epoch/val_loss", "batch/accuracy"])


def block(first, columns):
    n = max(map(len, columns.values()))
    padded = {name: np.resize(np.array(v, float), n) for name, v in columns.items()}
    return Points(np.arange(first, first + n), padded)


blocks = st.builds(
    block, st.integers(0, 500), st.dictionaries(names, st.lists(values, min_size=1), min_size=1)
)
others = st.sampled_from(
    [
        RunStarted("a", "b", facts={"losses": ["mse"], "deep": {"x": [1, None, True]}}),
        FactsLearned({"epochs": 3}),
        Diagnosed(Diagnosis("overfit", "warning", 3)),
    ]
)
streams = st.lists(blocks | others, max_size=12)


def say(watcher, events):
    return [repr(diagnosis) for event in events for diagnosis in watcher.feed(event)]


@given(streams, streams)
def test_memory_makes_no_difference(before, after):
    steady, forgetful = LastingWatcher(), LastingWatcher()
    assert say(steady, before) == say(forgetful, before)
    successor = LastingWatcher()
    successor.recall(forgetful.remembered())
    assert say(successor, after) == say(steady, after)
    assert successor.remembered() == steady.remembered()


def test_a_long_run_takes_little_memory():
    watcher = LastingWatcher()
    loss = np.exp(np.random.default_rng(0).standard_normal(20_000))
    watcher.feed(Points(np.arange(20_000), {"batch/loss": loss, "batch/grad_norm": loss}))
    assert len(watcher.remembered()) < 64 * 1024


@pytest.mark.parametrize("data", [b"", b"nonsense", memory.freeze([], {})])
def test_what_another_version_wrote_is_refused(data):
    with pytest.raises(memory.ForgottenError):
        LastingWatcher().recall(data)
