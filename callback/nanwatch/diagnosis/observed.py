"""What was seen of a failure, whoever is to blame: told where no known cause fits."""

from __future__ import annotations

from nanwatch.diagnosis import clues, words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import Clue
from nanwatch.diagnosis.replays import repeated
from nanwatch.events import Evidence


def observed(case: Case) -> tuple[Evidence, ...]:
    """The loss before, the batch, the weights, and the first thing that was not finite."""
    seen = [clues.grew(case), clues.data_finite(case), clues.weights_were_finite(case)]
    autopsy = case.autopsy
    if autopsy is not None and not autopsy.raised:
        born = autopsy.born_in
        first = born.name if born else "none" if autopsy.predictions_finite else "not known"
        seen.append(
            Clue(0.0, "first layer whose output is not finite", first, "none", born is None)
        )
        norm = words.number(autopsy.gradient_norm)
        finite = autopsy.gradients_finite
        seen.append(Clue(0.0, "norm of all gradients", norm, "a finite number", finite))
    seen += repeated(case)
    return tuple(Evidence(clue.check, clue.seen, clue.expected, clue.healthy) for clue in seen)
