"""How well nanwatch names causes: the gallery's programs against the project's bars.

Trains every program of tests/diagnosis/gallery, each faulty one three times: unwatched, to date its
first bad step and to take the time, watched, and watched with its fault repaired. Prints the bars,
the hits a family, which label was taken for which, and every miss.

    python bench/causes.py [family or program ...]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))  # where the gallery lies

from shares import chosen, of_each, share

from diagnosis.gallery.register import Program
from diagnosis.gallery.runner import (
    Outcome,
    Witness,
    accusation,
    false_alarms,
    fix_proven,
    labels_of,
    misplaced,
    mistakes,
    raised_as_known,
    train,
    watched,
)

CONFIDENCES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 1.01)
"""The edges between which confidences are counted together."""


@dataclass(frozen=True)
class Verdict:
    """What became of one program."""

    program: Program
    outcome: Outcome
    repaired: Outcome | None = None
    first_bad: int | None = None
    extra_s: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def found(self) -> Any:
        """The diagnosis that counts."""
        return accusation(self.program, self.outcome)

    @property
    def labels(self) -> list[str]:
        """Its labels, likeliest first."""
        return labels_of(self.found) if self.found else []

    def among(self, count: int) -> bool:
        """Whether a right label is among the first ones."""
        return bool(set(self.labels[:count]) & set(self.program.labels))

    @property
    def verified(self) -> bool:
        """Whether a replay has proven the fix of the right cause."""
        return fix_proven(self.program, self.outcome)


def judge(program: Program) -> Verdict:
    """Run one program in all its forms."""
    if not program.cause:
        outcome = watched(program)
        return Verdict(program, outcome, wrong=false_alarms(outcome))
    witness, begin = Witness(), time.perf_counter()
    train(program, [witness], repaired=False)
    alone_s = time.perf_counter() - begin
    stated = program.first_step
    first_bad = witness.first_bad if stated is None and program.goes_nonfinite else stated
    outcome, repaired = watched(program), watched(program, repaired=True)
    wrong = mistakes(program, outcome, first_bad)
    wrong += [f"repaired: {line}" for line in false_alarms(repaired)]
    return Verdict(program, outcome, repaired, first_bad, outcome.seconds - alone_s, wrong)


def bars(verdicts: Sequence[Verdict]) -> list[str]:
    """The table of the bars."""
    faulty = [v for v in verdicts if v.program.cause]
    dated = [v for v in faulty if v.first_bad is not None]
    placed = [v for v in faulty if v.program.where]
    nonfinite = [v for v in faulty if v.program.goes_nonfinite]
    well = [v.outcome for v in verdicts if not v.program.cause]
    well += [v.repaired for v in faulty if v.repaired]
    return [
        share("first cause right", (v.among(1) for v in faulty), ">= 90 %"),
        share("among the first three", (v.among(3) for v in faulty), ">= 97 %"),
        share(
            "first bad step exact",
            (bool(v.found) and v.found.first_step == v.first_bad for v in dated),
            "100 %",
        ),
        share(
            "rows and layer right",
            (bool(v.found) and not misplaced(v.program, v.found) for v in placed),
            "100 %",
        ),
        share("healthy and repaired without an alarm", (not o.alarms for o in well), "100 %"),
        share("fix verified, of non-finite cases", (v.verified for v in nonfinite), ">= 80 %"),
        share(
            "fit raised only what the program raises",
            [raised_as_known(v.program, v.outcome) for v in faulty]
            + [o.error is None for o in well],
            "100 %",
        ),
        seconds([v.extra_s for v in nonfinite]),
    ]


def seconds(extra_s: Sequence[float]) -> str:
    """What watching, autopsy and replay took beyond the training itself."""
    name = "watching a non-finite case, beyond the fit"
    middle, most = (statistics.median(extra_s), max(extra_s)) if extra_s else (0.0, 0.0)
    return f"{name:<46} median {middle:.1f} s, most {most:.1f} s   bar 3 s, 10 s"


def families(verdicts: Sequence[Verdict]) -> list[str]:
    """Hits a family: a rule tuned on the others meets each family as a stranger."""
    lines = []
    for family in dict.fromkeys(v.program.family for v in verdicts):
        members = [v for v in verdicts if v.program.family == family]
        lines.append(share(f"  {family}", (not v.wrong for v in members), "all right"))
    return lines


def confusions(verdicts: Sequence[Verdict]) -> list[str]:
    """Which label was taken for which, commonest first."""
    faulty = [v for v in verdicts if v.program.cause and not v.among(1)]
    pairs = Counter((v.program.cause, next(iter(v.labels), "nothing")) for v in faulty)
    return [f"  {count} x {cause} taken for {got}" for (cause, got), count in pairs.most_common()]


def calibration(verdicts: Sequence[Verdict]) -> list[str]:
    """How often the first cause was right, by the confidence with which it was named."""
    named = [(v.found.causes[0].confidence, v.among(1)) for v in verdicts if v.labels]
    lines = []
    for low, high in pairwise(CONFIDENCES):
        hits = [right for confidence, right in named if low <= confidence < high]
        lines.append(share(f"  named with {low:.2f} to {min(high, 1.0):.2f}", hits, "as named"))
    return lines


def report(verdicts: Sequence[Verdict]) -> None:
    """Print everything."""
    misses = [f"  {v.program.name}: {'; '.join(v.wrong)}" for v in verdicts if v.wrong]
    parts = {
        "Bars": bars(verdicts),
        "Families": families(verdicts),
        "Calibration": calibration(verdicts),
        "Confusions": confusions(verdicts),
        "Misses": misses,
    }
    for title, lines in parts.items():
        print(f"\n{title}")
        print("\n".join(lines) or "  none")


def main() -> None:
    """Judge what was asked for."""
    report(of_each(chosen(sys.argv[1:]), judge, lambda verdict: "x" if verdict.wrong else "."))


if __name__ == "__main__":
    main()
