"""A first look at a few rows: which shapes meet in a loss or step of the user's own."""

from __future__ import annotations

import contextlib
from typing import Any

from keras import tree

from nanwatch.autopsy.batch import look_at_batch
from nanwatch.autopsy.dissect import dissect, looks_of_predictions, operation_watch
from nanwatch.diagnosis.case import Autopsy
from nanwatch.recorder.arrays import split
from nanwatch.recorder.snapshot import Snapshot
from nanwatch.recorder.source import DataSource

ROWS = 7
"""So many are enough to see which shapes meet; hardly another axis is as long."""
MOST_LAYERS = 100
"""The train step of a larger model takes too long, run operation by operation."""


def glance(model: Any, batch: Any, source: DataSource, own_step: bool) -> Autopsy | None:
    """Look at the loss of a few rows, without a gradient; the model is left as it was.

    Args:
        own_step: whether the train step is the user's, and has to be run to see its loss.

    Returns:
        None where single operations cannot be watched, or the step would take too long.
    """
    rows = tree.map_structure(_first_rows, batch)
    if operation_watch(ROWS, []) is None:
        return None
    if own_step:
        small = len(list(model._flatten_layers())) <= MOST_LAYERS
        return dissect(model, rows, source) if small else None
    return _of_loss(model, rows, source)


def _of_loss(model: Any, rows: Any, source: DataSource) -> Autopsy:
    x, y, weight = split(rows)
    before, watch = Snapshot(model, 0), operation_watch(ROWS, [])
    try:
        predictions = model(x, training=False)
        with watch.watching() if watch else contextlib.nullcontext():
            model.compute_loss(x, y, predictions, weight)
    finally:
        before.restore()
    return Autopsy(
        arrays=look_at_batch(model, rows, source),
        predictions=looks_of_predictions(model, predictions),
        crossed=watch.crossed if watch else None,
    )


def _first_rows(array: Any) -> Any:
    return None if array is None else array[:ROWS]
