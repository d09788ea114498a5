"""Whether the scores of causes are fitted to the gallery: weights meet families they never saw.

Every faulty program of the gallery is trained under nanwatch, and what each cause testified is
kept. Then the ranking is made anew with three kinds of weights: those of the rules; one and the
same for every clue, its sign apart; and weights found by a perceptron (M. Collins, "Discriminative
Training Methods for Hidden Markov Models", 2002) that starts from the same for all and sees every
family but the one that is judged.

    python bench/generalise.py [family or program ...]
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from math import copysign
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))  # where the gallery lies

from shares import chosen, of_each, share

from diagnosis.gallery.register import Program
from diagnosis.gallery.runner import accusation, labels_of, watched
from nanwatch.diagnosis import CAUSES, ranking
from nanwatch.diagnosis.case import Case

ALIKE = 2.0
"""What every clue weighs where none weighs more than another: the log-odds of a strong one."""
PASSES, PACE = 30, 0.1

Clues = Sequence[tuple[str, float]]
"""What was checked, with its weight in log-odds."""
Name = tuple[str, str]
"""Of a clue: its cause, and what was checked."""
Weigh = Callable[[Name, float], float]
"""The weight of a clue, by its name and its weight by the rules."""


@dataclass(frozen=True)
class Hearing:
    """What the causes testified of one program."""

    program: Program
    told: Mapping[str, Clues]

    def ranked(self, weigh: Weigh) -> list[str]:
        """The causes, likeliest first."""
        scores = {
            label: sum(weigh((label, check), weight) for check, weight in clues)
            for label, clues in self.told.items()
        }
        return sorted(scores, key=lambda label: -scores[label])

    def is_right(self, weigh: Weigh) -> bool:
        """Whether a right cause comes first."""
        return bool(set(self.ranked(weigh)[:1]) & set(self.program.labels))


@contextmanager
def overheard() -> Iterator[list[tuple[Case, Any]]]:
    """Every case that is ranked within the block, with its diagnosis."""
    known, heard = ranking.diagnose, list[tuple[Case, Any]]()

    def listening(case: Case, pages: Any) -> Any:
        heard.append((case, known(case, pages)))
        return heard[-1][1]

    ranking.diagnose = listening
    try:
        yield heard
    finally:
        ranking.diagnose = known


def hear(program: Program) -> Hearing:
    """Train a program and hear the causes on the case that its alarm was told of."""
    with overheard() as heard:
        found = accusation(program, watched(program))
    wanted = labels_of(found) if found else None
    told = [case for case, diagnosis in heard if labels_of(diagnosis) == wanted]
    return Hearing(program, testimonies(told[-1]) if told else {})


def testimonies(case: Case) -> dict[str, Clues]:
    """The clues of every cause that has something to say."""
    heard = {label: ranking.testimony_of(case, page) for label, page in CAUSES.items()}
    return {
        label: [(clue.check, clue.weight) for clue in one[1] if clue.weight]
        for label, one in heard.items()
        if one is not None
    }


def by_the_rules(_: Name, weight: float) -> float:
    """The weight that stands in the rules."""
    return weight


def all_alike(_: Name, weight: float) -> float:
    """The same for all, for or against."""
    return copysign(ALIKE, weight)


def found_in(hearings: Sequence[Hearing]) -> Weigh:
    """Weights found by a perceptron, the mean of all its states."""
    factors: dict[Name, float] = defaultdict(lambda: 1.0)
    sums: dict[Name, float] = defaultdict(float)

    def weigh(clue: Name, weight: float) -> float:
        return factors[clue] * all_alike(clue, weight)

    for _ in range(PASSES):
        for hearing in hearings:
            _learn(hearing, factors, weigh)
        for clue, factor in factors.items():
            sums[clue] += factor / PASSES
    return lambda clue, weight: sums.get(clue, 1.0) * all_alike(clue, weight)


def _learn(hearing: Hearing, factors: dict[Name, float], weigh: Weigh) -> None:
    """Where a wrong cause comes first, its clues count for less and those of the right one more."""
    order = hearing.ranked(weigh)
    right = [label for label in order if label in hearing.program.labels]
    if not right or order[0] == right[0]:
        return
    for label, way in ((right[0], PACE), (order[0], -PACE)):
        for check, weight in hearing.told[label]:
            factors[label, check] = max(0.0, factors[label, check] + copysign(way, way * weight))


def report(hearings: Sequence[Hearing]) -> None:
    """Print the shares, and those of each family that its weights had never seen."""
    rivals = [h for h in hearings if len(h.told) > 1]
    print(f"\n{len(rivals)} of {len(hearings)} programs have more than one suspect\n")
    print(share("weights of the rules", (h.is_right(by_the_rules) for h in hearings), "-"))
    print(share("every clue alike", (h.is_right(all_alike) for h in hearings), "-"))
    left_out = {
        family: [h for h in hearings if h.program.family == family]
        for family in dict.fromkeys(h.program.family for h in hearings)
    }
    hits = dict[str, list[bool]]()
    for family, members in left_out.items():
        weigh = found_in([h for h in hearings if h.program.family != family])
        hits[family] = [h.is_right(weigh) for h in members]
    print(share("found without the family", chain(*hits.values()), ">= 90 %"))
    for family, found in hits.items():
        print(share(f"  {family}", found, "-"))


def main() -> None:
    """Hear what was asked for."""
    report(of_each((one for one in chosen(sys.argv[1:]) if one.cause), hear))


if __name__ == "__main__":
    main()
