"""Makes and reads spools in tests."""

import numpy as np

from nanwatch import wire
from nanwatch.events import Gap, Points, RunStarted
from nanwatch.spool import Spool, Stream, stored_streams

STARTED = RunStarted("calm-otter-17", "default", config={"rate": 0.1})


def at(step, name="batch/loss"):
    return Points(np.array([step]), {name: np.array([float(step)])})


def filled(root, n, warn=print, **sizes):
    """A spool with the introduction and n - 1 frames of one point; frame k holds step k."""
    spool = Spool(root, "run", warn, **sizes)
    spool.append([STARTED])
    for step in range(1, n):
        spool.append([at(step)])
    return spool


def frames(stream, max_bytes=1 << 20):
    """Everything that is left to deliver."""
    found = []
    while batch := stream.take(max_bytes):
        found += [wire.decode(record.raw) for record in batch]
    return found


def steps(found):
    """The steps of what was logged, without the series that says when they were."""
    return [
        int(step)
        for frame in found
        for event in frame.events
        if isinstance(event, Points) and "time" not in event.values
        for step in event.steps
    ]


def gaps(found):
    return [event for frame in found for event in frame.events if isinstance(event, Gap)]


def reopened(spool):
    spool.close(delivered=False)
    return Stream.open(spool.directory)


def segments(spool):
    return sorted(spool.directory.glob("*.seg"))


def stored(home):
    """What lies in the spool."""
    found = []
    for directory in stored_streams(home / "spool"):
        stream = Stream.open(directory)
        found += frames(stream)
        stream.close(delivered=False)
    return found
