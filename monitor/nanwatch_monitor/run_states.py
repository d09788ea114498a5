"""How a run is doing, derived from when it was last heard.

A state is never stored while a run lives: "stale" and "lost" are what silence means at the moment
of reading, and the next sign of life takes them back. Only the run itself can end, and nothing
overwrites an end. The time in which the server could not hear is not silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["running", "finished", "failed", "interrupted", "stale", "lost", "hung"]

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


def state_of(seen_at: float, end_state: str | None, now: float, deaf: Deafness) -> str:
    """The state of a run.

    Args:
        seen_at: the server's clock at the last receipt.
        end_state: how the run said it ended, or None.
        now: the server's clock.
        deaf: when the server could not hear.
    """
    if end_state is not None:
        return end_state
    if seen_at > deaf.moment_before(now, STALE_AFTER_S):
        return "running"
    return "stale" if seen_at > deaf.moment_before(now, LOST_AFTER_S) else "lost"


def seen_between(state: State, now: float, deaf: Deafness) -> tuple[float, float]:
    """Between which moments (exclusive, inclusive) a living run of this state was last heard."""
    stale = deaf.moment_before(now, STALE_AFTER_S)
    lost = deaf.moment_before(now, LOST_AFTER_S)
    bounds = {
        "running": (stale, float("inf")),
        "stale": (lost, stale),
        "lost": (float("-inf"), lost),
        "hung": (float("inf"), float("inf")),  # nothing tells it from "running" yet
    }
    return bounds[state]
