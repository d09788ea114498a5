"""Taking frames in: check, store, and only then tell the rest of the server.

A request is stored whole or not at all, and acknowledged after its commit. Sending it again
changes nothing, so a client that did not hear the answer simply repeats it.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial

from anyio import CapacityLimiter, to_thread

from nanwatch import wire
from nanwatch_monitor.bodies import unpack
from nanwatch_monitor.census import MAX_SERIES, Census
from nanwatch_monitor.intake import BusyError, Intake
from nanwatch_monitor.metrics import Metrics
from nanwatch_monitor.problems import Problem, shown
from nanwatch_monitor.rights import ANYBODY, Identity
from nanwatch_monitor.store.appending import Appending
from nanwatch_monitor.store.receipts import (
    ConflictError,
    DeletedRunError,
    EndedRunError,
    ForeignProjectError,
    LogError,
    RawFrame,
    Receipt,
    SequenceGapError,
)
from nanwatch_monitor.unpacking import MOST_BYTES

SMALL = 256 * 1024
"""Bytes that are decoded so quickly that nobody notices the event loop waiting."""
LARGE_AT_ONCE = 4
"""So many others are unpacked and decoded at a time: each may take 32 MiB meanwhile."""


@dataclass(frozen=True)
class Ingest:
    """Accepts requests."""

    intake: Intake
    metrics: Metrics
    census: Census = field(default_factory=Census)
    large: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(LARGE_AT_ONCE))

    async def accept(
        self, body: bytes, asker: Identity = ANYBODY, is_packed: bool = False
    ) -> Receipt:
        """Store the frames of a request. Raises Problem; then nothing of it was stored."""
        with self.metrics.ingest_seconds.time():
            if len(body) <= SMALL and not is_packed:
                told = self.submit(body, asker)
            else:
                submit = partial(self.submit, body, asker, is_packed)
                told = await to_thread.run_sync(submit, limiter=self.large)
            try:
                receipt = await asyncio.wrap_future(told)
            except LogError as error:
                raise _refusal(error, asker.project) from error
        self.metrics.stored(receipt)
        return receipt

    def submit(
        self, body: bytes, asker: Identity = ANYBODY, is_packed: bool = False
    ) -> Future[Receipt]:
        """Read the frames of a request and have them stored. Raises Problem."""
        frames = _decoded(unpack(body, MOST_BYTES) if is_packed else body)
        if not self.census.admits(frame for frame, _ in frames):
            raise _too_many_series()
        try:
            return self.intake.submit(Appending(frames, asker.project, asker.key))
        except BusyError as error:
            how = f"send it again after {error.retry_s} s; larger requests cost less than many"
            headers = {"Retry-After": str(error.retry_s)}
            problem = Problem(429, "busy", "too much at once", str(error), how, headers=headers)
            raise problem from error


def _refusal(error: LogError, project: str | None) -> Problem:
    """The answer to frames that the log refuses."""
    why = str(error)
    match error:
        case ForeignProjectError():
            how = f"send runs of project {shown(project or '')}, or use another token"
            return Problem(404, "foreign_project", "the token is for another project", why, how)
        case SequenceGapError():
            extra, how = {"expected": error.expected}, f"send from frame {error.expected} on"
            return Problem(409, "gap", "frames are missing", why, how, extra=extra)
        case DeletedRunError():
            how = "send nothing more of it; a new run takes another id"
            return Problem(410, "deleted_run", "the run was deleted", why, how)
        case EndedRunError():
            how = "give a new run an id of its own, or resume this one (`resumes` in RunStarted)"
            return Problem(409, "run_finished", "the run has finished", why, how)
        case ConflictError():
            how = "open a new stream (a new random token) for every writing process"
            return Problem(409, "conflict", "another frame is in its place", why, how)
    how = "begin the stream with frame 0, whose first event is RunStarted"
    return Problem(404, "unknown_run", "the run is not known", why, how)


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


def _too_many_series() -> Problem:
    why = f"a run may have {MAX_SERIES} series"
    how = "put what varies into a value or a step, not into a series' name"
    return Problem(422, "too_many_series", "the run has too many series", why, how)


def _malformed(why: str) -> Problem:
    how = "put the frame aside and go on with the next; nothing of this request was stored"
    return Problem(400, "malformed", "the frames cannot be read", shown(why, 80), how)
