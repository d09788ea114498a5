"""`Watcher`: what a signal is judged by does not depend on how the points were sent."""

import numpy as np

from nanwatch.events import Points
from nanwatch.watcher import Watcher

LOSSES = np.concatenate([np.full(300, 1.0), 2.0 ** np.arange(1, 40), np.full(400, 1.0)])
RATES = np.linspace(0.1, 0.2, len(LOSSES))


def judged(rows):
    """The diagnoses of the same points in blocks of so many rows."""
    watcher, found = Watcher(), []
    for at in range(0, len(LOSSES), rows):
        steps = np.arange(at, min(at + rows, len(LOSSES)))
        values = {"batch/loss": LOSSES[steps], "batch/learning_rate": RATES[steps]}
        found += watcher.feed(Points(steps, values))
    return found


def test_blocks_of_any_size_prove_the_same():
    assert len(judged(1)) == 1
    assert judged(1) == judged(7) == judged(len(LOSSES))


def test_a_series_that_nobody_watches_says_nothing():
    nothing = Points(np.arange(3), {"layer/dense/grad_norm": np.array([1.0, np.nan, np.inf])})
    assert Watcher().feed(nothing) == ()
