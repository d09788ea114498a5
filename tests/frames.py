"""Frames as a training process makes them, for tests of the server."""

import numpy as np

from nanwatch.events import Points, RunStarted
from nanwatch.wire import Frame


def opening(run_id="run1", stream="stream1", name="brave-fox", project="zoo", **more):
    """The first frame of a stream."""
    return Frame(run_id, stream, 0, (RunStarted(name, project, **more),))


def frame(seq, *events, run_id="run1", stream="stream1"):
    """A later frame."""
    return Frame(run_id, stream, seq, events)


def points(steps, **series):
    """A block of points; `batch_loss` is the series batch/loss."""
    columns = {name.replace("_", "/", 1): np.array(v, float) for name, v in series.items()}
    return Points(np.array(steps, np.int64), columns)
