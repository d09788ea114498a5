"""Reads a run back from the spool, as the server would be told of it."""

import numpy as np

from nanwatch import wire
from nanwatch.events import Points
from nanwatch.spool import stored_streams


def events_of(home, run_id):
    """Every event of a run, in the order in which they were kept."""
    streams = [path for path in stored_streams(home / "spool") if path.parent.name == run_id]
    data = b"".join(
        file.read_bytes() for stream in streams for file in sorted(stream.glob("*.seg"))
    )
    return [event for frame, _ in wire.decode_all(data) for event in frame.events]


def kinds_of(home, run_id, kind):
    """The run's events of one kind."""
    return [event for event in events_of(home, run_id) if isinstance(event, kind)]


def series_of(home, run_id, name):
    """A series as {step: value}."""
    blocks = [p for p in kinds_of(home, run_id, Points) if name in p.values]
    return {
        int(step): float(value)
        for block in blocks
        for step, value in zip(block.steps, np.asarray(block.values[name]), strict=True)
    }


def names_of(home, run_id):
    """The names of all series."""
    return {name for block in kinds_of(home, run_id, Points) for name in block.values}
