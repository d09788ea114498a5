"""What is worth telling of a run's state: that it is lost or hangs, and the correction when it is
back. A run that is only stale may be back in a moment, and nothing is said.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from nanwatch_monitor.run_record import Run
from nanwatch_monitor.run_states import State, state_reason

TROUBLES: tuple[State, ...] = ("lost", "hung")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Turn:
    """A run got into trouble, or out of it.

    Attributes:
        before: the trouble that is over, or None.
        after: the state that it is in now.
    """

    run: Run
    before: State | None
    after: State

    @property
    def words(self) -> str:
        """What to tell people, in one line."""
        if self.after in TROUBLES:
            return state_reason(self.run.progress, self.after)
        return f"it is {self.after} after all; it was told to be {self.before}"


class Turns:
    """Remembers which runs are in trouble, so that each trouble and each return is told once."""

    def __init__(self) -> None:
        self._troubled: dict[str, State] = {}

    def of(self, run: Run, state: State) -> Turn | None:
        """What is worth telling now that a run is in a state, or None."""
        before = self._troubled.get(run.id)
        if state == before or state == "stale" or (before is None and state not in TROUBLES):
            return None
        self._troubled.pop(run.id, None)
        if state in TROUBLES:
            self._troubled[run.id] = state
        return Turn(run, before, state)


def log_turn(turn: Turn) -> None:
    """Tell the server's log."""
    log.warning("run %s is %s: %s", turn.run.id, turn.after, turn.words)
