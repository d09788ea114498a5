"""Taking frames in: check, store, and only then tell the rest of the server.

A request is stored whole or not at all, and acknowledged after its commit. Sending it again
changes nothing, so a client that did not hear the answer simply repeats it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nanwatch import wire
from nanwatch_monitor.metrics import Metrics
from nanwatch_monitor.problems import Problem, shown
from nanwatch_monitor.store.log import (
    BatchLog,
    ConflictError,
    DeletedRunError,
    ForeignProjectError,
    RawFrame,
    Receipt,
    SequenceGapError,
    UnknownRunError,
)


@dataclass(frozen=True)
class Ingest:
    """Accepts requests.

    Args:
        followers: called with the run's id after new frames were committed.
        clock: seconds since 1970.
    """

    log: BatchLog
    followers: Sequence[Callable[[str, Receipt], None]]
    metrics: Metrics
    clock: Callable[[], float]

    def accept(self, body: bytes, project: str | None = None) -> Receipt:
        """Store the frames of a request. Raises Problem; then nothing of it was stored.

        Args:
            project: the only one that the sender may write to; None is every one.
        """
        with self.metrics.ingest_seconds.time():
            frames = _decoded(body)
            receipt = _append(self.log, frames, self.clock(), project)
        self.metrics.stored(receipt)
        for follow in self.followers if receipt.fresh else ():
            follow(frames[0][0].run_id, receipt)
        return receipt


def _append(log: BatchLog, frames: list[RawFrame], now: float, project: str | None) -> Receipt:
    try:
        return log.append(frames, now, project)
    except ForeignProjectError as error:
        how = f"send runs of project {shown(project or '')}, or use another token"
        what = "the token is for another project"
        raise Problem(403, "foreign_project", what, str(error), how) from error
    except SequenceGapError as error:
        extra = {"expected": error.expected}
        how = f"send from frame {error.expected} on"
        raise Problem(409, "gap", "frames are missing", str(error), how, extra=extra) from error
    except DeletedRunError as error:
        how = "send nothing more of it; a new run takes another id"
        raise Problem(410, "deleted_run", "the run was deleted", str(error), how) from error
    except UnknownRunError as error:
        how = "begin the stream with frame 0, whose first event is RunStarted"
        raise Problem(409, "unknown_run", "the run is not known", str(error), how) from error
    except ConflictError as error:
        how = "open a new stream (a new random token) for every writing process"
        raise Problem(409, "conflict", "another frame is in its place", str(error), how) from error


def _decoded(body: bytes) -> list[RawFrame]:
    try:
        frames = list(wire.decode_all(body))
    except wire.WireError as error:
        raise _malformed(str(error)) from error
    if not frames:
        raise _malformed("the request holds no frame")
    if len({(frame.run_id, frame.stream) for frame, _ in frames}) > 1:
        raise _malformed("the frames of one request belong to one stream of one run")
    return frames


def _malformed(why: str) -> Problem:
    how = "put the frame aside and go on with the next; nothing of this request was stored"
    return Problem(400, "malformed", "the frames cannot be read", shown(why, 80), how)
