"""One step of delivery: take frames, post them, and do what the answer asks for.

200            acknowledged: forgotten here
409 expected   the server wants another number: go there
404 unknown_run   it does not know the run: begin with the introduction
400 413 422    alone, the frame is set aside and a stand-in takes its number; in company, the
               frames are posted one by one to find the one that is meant
410            the run was deleted: what is left of it, and what still comes, is dropped
401 403        refused: nothing more is sent until somebody mends the token
404 foreign_project, 409 run_finished   refused: nothing more is sent
429, 5xx, all else, no answer     try again later
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from nanwatch.spool import Record, Stream, bare
from nanwatch.transport import Answer, Link, LinkError

BATCH_BYTES = 1024 * 1024
RATE_LIMITED_S = 1.0
REFUSED_FRAME = (400, 409, 413, 422)
MEND_TOKEN = "Set NANWATCH_TOKEN, then run `nanwatch sync`."  # noqa: S105 - words, not a secret


@dataclass(frozen=True)
class Advanced:
    """The server has these frames.

    Attributes:
        pause_s: how long the server would like to be left alone when there is no hurry.
    """

    frames: int
    n_bytes: int
    pause_s: float = 0.2


@dataclass(frozen=True)
class SetAside:
    """The server refuses one frame for good; it lies in `rejected`, the others go on."""

    folder: Path
    why: str


@dataclass(frozen=True)
class Retry:
    """Not now. `after_s` is what the server asked for, or None."""

    why: str
    after_s: float | None = None


@dataclass(frozen=True)
class Again:
    """The same once more, at once: from another frame, or one by one."""


@dataclass(frozen=True)
class Refused:
    """Not at all, until a person changes something.

    Attributes:
        how: what to change, where the reason does not say it.
    """

    why: str
    how: str = ""


@dataclass(frozen=True)
class Deleted:
    """Somebody deleted the run on the server; these frames are dropped, as all that follow."""

    frames: int


@dataclass(frozen=True)
class Idle:
    """Nothing is left to deliver."""


Outcome = Advanced | SetAside | Again | Retry | Refused | Deleted | Idle


class Delivery:
    """Brings a stream's frames to a server, in order, one request at a time."""

    def __init__(self, stream: Stream, link: Link) -> None:
        self.link = link
        self._stream = stream
        self._batch: list[Record] = []
        self._one_by_one = False
        self._stand_in = False
        self._rewound_to: int | None = None
        self._deleted = False

    def step(self) -> Outcome:
        """Post the next frames, or those that were not acknowledged. Raises OSError."""
        if not self._batch:
            self._batch = self._stream.take(1 if self._one_by_one else BATCH_BYTES)
        if not self._batch:
            return Idle()
        if self._deleted:
            return self._drop()
        posted = self._batch[:1] if self._one_by_one else self._batch
        try:
            answer = self.link.deliver([record.raw for record in posted])
        except LinkError as error:
            return Retry(str(error))
        return self._judge(answer, posted)

    def _judge(self, answer: Answer, posted: list[Record]) -> Outcome:
        if answer.status == 200:
            return self._acknowledge(answer, posted)
        code = answer.body.get("code")
        if code == "run_finished":
            return Refused(answer.detail)
        if answer.status in (401, 403) or code == "foreign_project":
            return Refused(f"the server refuses the token ({answer.detail})", MEND_TOKEN)
        expected = _expected(answer)
        if expected is not None and self._may_rewind(expected, posted):
            return self._rewind(expected)
        if answer.status in REFUSED_FRAME or code == "unknown_run":
            return self._find_refused(answer, posted)
        if answer.status == 410 and code == "deleted_run":
            self._deleted = True
            return self._drop()
        floor = RATE_LIMITED_S if answer.status == 429 else None
        return Retry(answer.detail, answer.retry_after_s or floor)

    def _acknowledge(self, answer: Answer, posted: list[Record]) -> Outcome:
        acked = answer.body.get("acked")
        if not _is_number(acked) or acked < posted[0].seq:
            return Retry("the answer is not that of a nanwatch server")
        done = [record for record in posted if record.seq <= acked]
        self._stream.acknowledge(done[-1].seq)
        self._batch = self._batch[len(done) :]
        self._one_by_one = self._one_by_one and bool(self._batch)
        self._stand_in, self._rewound_to = False, None
        pause = answer.body.get("flush_interval")
        pause_s = min(max(float(pause), 0.0), 5.0) if isinstance(pause, int | float) else 0.2
        return Advanced(len(done), sum(len(record.raw) for record in done), pause_s)

    def _drop(self) -> Outcome:
        dropped, self._batch = self._batch, []
        self._stream.acknowledge(dropped[-1].seq)
        return Deleted(len(dropped))

    def _may_rewind(self, expected: int, posted: list[Record]) -> bool:
        # A number beyond what was posted was never given out here, and the same number twice
        # without an acknowledgement between would turn for ever.
        return 0 <= expected <= posted[-1].seq and expected != self._rewound_to

    def _rewind(self, expected: int) -> Outcome:
        self._rewound_to = expected
        self._batch, self._one_by_one = [], False
        self._stream.rewind(expected)
        return Again()

    def _find_refused(self, answer: Answer, posted: list[Record]) -> Outcome:
        if len(posted) > 1:
            self._one_by_one = True
            return Again()
        if self._stand_in:
            return Refused(f"the server refuses what this client sends ({answer.detail})")
        record = posted[0]
        folder = self._stream.set_aside(record)
        self._stand_in = True
        self._batch[0] = Record(record.seq, bare(record.raw, self._stream.introduction()))
        return SetAside(folder, answer.detail)


def _expected(answer: Answer) -> int | None:
    """The number that the server wants next, when that is what it complains of."""
    if answer.body.get("code") == "unknown_run":  # the database is a new one
        return 0
    if answer.status != 409:
        return None
    expected = answer.body.get("expected")
    return expected if _is_number(expected) else None


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
