"""What looks wrong with a run that stayed finite, before anybody knows why.

A run is held against the loss of a constant guess, against the loss of what it predicts, and, in a
model of several outputs, each output against its own guess.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from nanwatch.detectors import Course, Signal, suspicions
from nanwatch.diagnosis.outputs import PROBABILITIES
from nanwatch.events import Symptom
from nanwatch.watcher import Watcher

if TYPE_CHECKING:
    from nanwatch.autopsy import Examiner

NO_BETTER, POOR, NOTHING = 0.95, 0.2, 2e-6
"""Levels of a loss as multiples of a constant guess's: hardly better, poor; and no loss at all."""
CLEARLY = 1e-4
"""By which share of it a loss must lie below another one to be no chance of rounding."""
LASTING: frozenset[Symptom] = frozenset(
    {"negative_loss", "zero_loss", "huge_loss", "loss_stuck", "underfit"}
)
"""What no patience mends, once the loss falls no more."""


@dataclass(frozen=True)
class Doubt:
    """Something that looks wrong, to be examined.

    Attributes:
        guess: the loss of the best constant guess, NaN when it is not known.
        output: the output that it is about, "" for the whole model.
        poor: whether the run did get somewhere, only not far: it may be all that can be had.
    """

    signal: Signal
    guess: float
    output: str = ""
    poor: bool = False


class Doubts:
    """Looks at one run, at its end or while it goes on."""

    def __init__(self, watcher: Watcher, examiner: Examiner) -> None:
        self._watcher = watcher
        self._examiner = examiner

    @cached_property
    def guess(self) -> float:
        """The loss of the best constant guess, NaN when it is not known."""
        return self._examiner.guess()

    @cached_property
    def _guesses(self) -> dict[str, float]:
        """The same of each of several outputs by itself."""
        return self._examiner.output_guesses() if self._watcher.outputs else {}

    @cached_property
    def truth(self) -> tuple[float, float]:
        """Of a loss of the user's own: what the truth has, and a constant guess on its scale."""
        known = self._watcher.course().custom
        return self._examiner.truth(self._gives_chances) if known else (math.nan, math.nan)

    @property
    def _gives_chances(self) -> bool:
        """Whether the model gives probabilities: these follow the labels, where distances may not.

        The distance of a pair may have to be small where its label is 1.
        """
        ends = self._watcher.facts.get("outputs") or ()
        return bool(ends) and all(one.get("activation") in PROBABILITIES for one in ends)

    def at_the_end(self, feared: bool) -> list[Doubt]:
        """What looks wrong with a run that is over, the most telling first.

        Args:
            feared: whether something was feared at its beginning.
        """
        return (
            self.lasting()
            or self._all(self._watcher.suspicions(self.guess))
            or self._hidden()
            or (self._unseen() if feared else [])
            or (self._blind() if feared else [])
            or self._reversed()
            or self._poor_end()
        )

    def meanwhile(self) -> list[Doubt]:
        """What looks wrong with a run that goes on, and will not mend by itself."""
        return [doubt for doubt in self.lasting() if self._course(doubt).still]

    def lasting(self) -> list[Doubt]:
        """What is worth nothing: the whole loss, or that of one output among several.

        A whole that cannot be, below 0, says more than that one of its parts is worth nothing.
        """
        whole = self._all(self._watcher.suspicions(self.guess))
        lasting = [doubt for doubt in whole if doubt.signal.symptom in LASTING]
        if any(doubt.signal.symptom == "negative_loss" for doubt in lasting):
            return lasting
        return self._one_of_several() or lasting

    def without_penalty(self, doubts: Sequence[Doubt], penalty: float) -> list[Doubt]:
        """The doubts about the whole loss anew, once it is known what penalties add to it."""
        if penalty == 0 or any(doubt.output or doubt.poor for doubt in doubts):
            return list(doubts)
        return self._all(self._watcher.suspicions(self.guess, penalty)) or list(doubts)

    def _all(self, signals: Sequence[Signal]) -> list[Doubt]:
        return [Doubt(signal, self.guess) for signal in signals]

    def _course(self, doubt: Doubt) -> Course:
        return self._watcher.course(doubt.guess, output=doubt.output)

    def _one_of_several(self) -> list[Doubt]:
        """The outputs that learn nothing beside others that do."""
        names = self._watcher.outputs
        found = {name: self._of_output(name, self._guesses.get(name, math.nan)) for name in names}
        bad = [doubts[0] for doubts in found.values() if doubts]
        return bad if len(bad) < len(names) else []

    def _of_output(self, name: str, guess: float) -> list[Doubt]:
        signals = suspicions(self._watcher.course(guess, output=name))
        return [
            Doubt(dataclasses.replace(one, seen=f"output {name}: {one.seen}"), guess, name)
            for one in signals
            if one.symptom in LASTING
        ]

    def _hidden(self) -> list[Doubt]:
        """A model whose predictions are worse than the loss that it was trained by."""
        plain = math.nan if self._watcher.facts.get("own_step") else self._examiner.plain()
        if not plain > NO_BETTER * self.guess > 0:
            return []
        return self._poor(f"predictions that by themselves have a loss of {plain:.4g}")

    def _unseen(self) -> list[Doubt]:
        """Labels that the loss cannot tell from others, so that nothing is learnt of them."""
        lowest = math.nan if self._watcher.facts.get("own_step") else self._examiner.unseen()
        seen = f"the loss takes labels down to {lowest:.4g} for 0"
        return [] if math.isnan(lowest) else self._poor(seen)

    def _reversed(self) -> list[Doubt]:
        """A loss of the user's own that likes a constant guess better than the truth."""
        end, (perfect, guess) = self._watcher.course(self.guess).data_end, self.truth
        least = perfect - CLEARLY * abs(guess)
        if not (guess < least and end < least) or not (end < 0 or self._gives_chances):
            return []
        seen = f"{end:.4g} at the end; predictions that follow the labels have {perfect:.4g}"
        symptom: Symptom = "negative_loss" if end < 0 else "underfit"
        return [Doubt(Signal(symptom, "warning", "batch/loss", 0, seen), guess)]

    def _blind(self) -> list[Doubt]:
        """A loss for which one guess is as good as it gets, whatever the inputs."""
        seen = f"{self._watcher.course(self.guess).data_end:.4g} at the end"
        return self._poor(seen) if abs(self.guess) < NOTHING else []

    def _poor_end(self) -> list[Doubt]:
        """A run that got below a constant guess, but not far, and outputs that did no better."""
        course, parts = self._watcher.course(self.guess), self._poor_outputs()
        if not course.against_guess > POOR:
            return parts
        found = self._poor(f"{course.data_end:.4g} at the end")
        return [*parts, *(dataclasses.replace(doubt, poor=True) for doubt in found)]

    def _poor_outputs(self) -> list[Doubt]:
        """The outputs of several that got below a guess of their own, but not far."""
        known = {name: self._guesses.get(name, math.nan) for name in self._watcher.outputs}
        courses = {name: self._watcher.course(g, output=name) for name, g in known.items()}
        poor = {name: one for name, one in courses.items() if one.against_guess > POOR}
        return [
            dataclasses.replace(doubt, output=name, poor=True)
            for name, one in poor.items()
            for doubt in self._poor(f"output {name}: {one.data_end:.4g} at the end", known[name])
        ]

    def _poor(self, seen: str, guess: float | None = None) -> list[Doubt]:
        level = self.guess if guess is None else guess
        words = f"{seen}; a constant guess has {level:.4g}"
        last = self._watcher.course().last_step
        return [Doubt(Signal("underfit", "warning", "batch/loss", last, words), level)]
