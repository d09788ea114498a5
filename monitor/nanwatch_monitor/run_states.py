"""How a run is doing, derived from when it was last heard.

A state is never stored while a run lives: "stale" and "lost" are what silence means at the moment
of reading, and the next sign of life takes them back. "hung" is what a run's own heartbeats say,
until it makes a step. Only the run itself can end, and nothing overwrites an end. The time in which
the server could not hear is not silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from nanwatch_monitor.run_record import Progress

State = Literal["running", "finished", "failed", "interrupted", "stale", "lost", "hung"]
LIVING = ("running", "hung", "stale")  # they may turn into another state without a word

STALE_AFTER_S = 30.0
LOST_AFTER_S = 300.0


@dataclass(frozen=True)
class Deafness:
    """The stretch in which the server was down: from the last receipt before its start to it.

    Attributes:
        begin: seconds since 1970.
        end: seconds since 1970; equal to `begin` when nothing was missed.
    """

    begin: float
    end: float

    def moment_before(self, now: float, silence_s: float) -> float:
        """The moment from which `silence_s` seconds of listening lead up to `now`."""
        moment = now - silence_s
        return moment if moment >= self.end else moment - (self.end - self.begin)


def state_of(progress: Progress, now: float, deaf: Deafness) -> State:
    """The state of a run.

    Args:
        now: the server's clock.
        deaf: when the server could not hear.
    """
    if progress.end_state is not None:
        return progress.end_state
    if progress.seen_at > deaf.moment_before(now, STALE_AFTER_S):
        return "running" if progress.hung_since is None else "hung"
    return "stale" if progress.seen_at > deaf.moment_before(now, LOST_AFTER_S) else "lost"


def state_reason(progress: Progress, state: State) -> str:
    """Why a run that has not ended is not simply running, for people; else empty."""
    if state in ("stale", "lost"):
        why = "the training died, or the network between it and this server is cut"
        return f"no contact since {_clock(progress.seen_at)}: {why}"
    if state == "hung" and progress.hung_since is not None:
        why = "it reports, but its steps have stopped"
        return f"no step since {_clock(progress.hung_since)}: {why}"
    return ""


def _clock(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def seen_between(state: State, now: float, deaf: Deafness) -> tuple[float, float]:
    """Between which moments (exclusive, inclusive) a living run of this state was last heard."""
    stale = deaf.moment_before(now, STALE_AFTER_S)
    lost = deaf.moment_before(now, LOST_AFTER_S)
    bounds = {
        "running": (stale, float("inf")),
        "stale": (lost, stale),
        "lost": (float("-inf"), lost),
        "hung": (stale, float("inf")),  # what tells it from "running" is not when it was heard
    }
    return bounds[state]
