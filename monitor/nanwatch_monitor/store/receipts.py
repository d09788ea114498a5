"""What the log says to a request: a receipt, or why nothing of it was stored."""

from __future__ import annotations

from dataclasses import dataclass

from nanwatch import wire

RawFrame = tuple[wire.Frame, bytes]


class LogError(Exception):
    """A frame that cannot be stored; nothing of its request was."""


class UnknownRunError(LogError):
    """A stream that does not begin with RunStarted."""


class DeletedRunError(LogError):
    """Somebody deleted the run; nothing more of it is taken in."""


class ForeignProjectError(LogError):
    """The sender may write to another project only."""


class EndedRunError(LogError):
    """A further stream for a run that is over, which does not say that it resumes it."""


class SequenceGapError(LogError):
    """A frame came too early."""

    def __init__(self, expected: int) -> None:
        super().__init__(f"frame {expected} has not arrived yet")
        self.expected = expected


class ConflictError(LogError):
    """The same stream and number were stored before, with other bytes or for another run."""


@dataclass(frozen=True)
class Receipt:
    """What became of a request.

    Attributes:
        acked: the number of the last stored frame of the stream.
        fresh: the frames that were not stored before.
        opened: whether this request made the stream.
    """

    stream_id: int
    acked: int
    fresh: tuple[wire.Frame, ...]
    duplicates: int
    opened: bool
