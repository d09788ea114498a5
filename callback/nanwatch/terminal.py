"""What a person reads in the terminal: one line of news, and a diagnosis as a short report."""

from __future__ import annotations

import contextlib
import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from nanwatch.diagnosis.cause import REPLAY
from nanwatch.events import Cause, Diagnosis, Evidence, Fault, Symptom

WIDTH, NARROWEST, INDENT = 96, 50, 13
SYMPTOM_WORDS: dict[Symptom, str] = {
    "nan_loss": "the loss is not finite",
    "nan_val_only": "the validation is not finite",
    "exception": "fit raised",
    "exploding_loss": "the loss explodes",
    "loss_spike": "the loss spikes",
    "huge_loss": "the loss is huge",
    "loss_stuck": "the loss does not fall",
    "underfit": "the loss stays high",
    "negative_loss": "the loss is negative",
    "zero_loss": "the loss is zero",
    "oscillating": "the loss oscillates",
    "overfit": "the model overfits",
}
FAULT_WORDS: dict[Fault | None, str] = {
    "gradient": "the gradient is not finite",
    "weights": "the weights are not finite",
}
"""What the symptom "nan_loss" is called where the loss itself was finite."""
VERIFIED_WORDS = {
    True: "The fix held in a replay",
    False: "It did not help by itself in a replay",
    None: "Not proven by a replay",
}
BUNDLE_HINT = (
    'nanwatch: watch.save_bundle("failure.zip") keeps this step, data included, to repeat elsewhere'
)
"""Said of a failure for which no fix has held: then somebody else may have to look."""


def say(line: str) -> None:
    """Write to the terminal, below a progress bar that may stand in the current line.

    Where there is none, or it was closed, nobody is told and no training is harmed.
    """
    with contextlib.suppress(OSError, ValueError, AttributeError):
        start = "\n" if sys.stdout.isatty() else ""
        sys.stderr.write(f"{start}{line}\n")
        sys.stderr.flush()


def columns() -> int:
    """How long lines may be here: as the terminal is wide, and no longer than reads well."""
    return max(NARROWEST, min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns))


def say_nothing(line: str) -> None:
    """Keep quiet: what `verbose=0` says of a line."""


def symptom_words(diagnosis: Diagnosis) -> str:
    """What happened, and to what: "the gradient is not finite"."""
    return FAULT_WORDS.get(diagnosis.fault) or SYMPTOM_WORDS[diagnosis.symptom]


def render(
    diagnosis: Diagnosis, observed: Sequence[Evidence] = (), width: int | None = None
) -> str:
    """A diagnosis in lines: what, why, evidence, what to change.

    Args:
        observed: what was seen of the failure, told where no known cause fits.
        width: how long a line may be, code left out; None: see `columns`.
    """
    page = _Page(width or columns())
    lines = [*textwrap.wrap(headline(diagnosis), page.width), ""]
    if not diagnosis.causes:
        lines += page.entry("cause", "none of the known causes fits what was seen")
        lines += page.evidence(observed)
    for cause in diagnosis.causes[:1]:
        lines += page.cause(cause)
    lines += page.others(diagnosis.causes[1:4])
    return "\n".join(lines) + "\n"


def foreseen(diagnosis: Diagnosis) -> str:
    """What would go wrong, in lines."""
    page, words = _Page(columns()), SYMPTOM_WORDS[diagnosis.symptom]
    lines = [f"{diagnosis.severity}: trained like this, {words}"]
    if not diagnosis.causes:
        lines += page.entry("cause", "none of the known causes fits what was seen")
    for cause in diagnosis.causes[:1]:
        lines += [*page.found(cause), *page.entry("more", f"nanwatch explain {cause.label}")]
    return "\n".join([*lines, *page.others(diagnosis.causes[1:4])]) + "\n"


def note(diagnosis: Diagnosis) -> str:
    """What may go wrong, in one line: nothing has happened yet."""
    cause = diagnosis.causes[0]
    text = f"nanwatch: note: {cause.label}: {cause.summary}"
    return textwrap.shorten(text, WIDTH, placeholder=" ...")


def headline(diagnosis: Diagnosis) -> str:
    """The symptom in one line."""
    where = diagnosis.causes[0].where if diagnosis.causes else {}
    place = "" if diagnosis.first_step is None else f" at step {diagnosis.first_step}"
    if "epoch" in where and "batch" in where:
        place += f" (epoch {where['epoch'] + 1}, batch {where['batch']})"
    return f"nanwatch: {symptom_words(diagnosis)}{place}"


@dataclass(frozen=True)
class _Page:
    """Lays titled paragraphs out in lines.

    Attributes:
        width: of a line.
    """

    width: int

    def cause(self, cause: Cause) -> list[str]:
        """A cause, its fix, and what became of it."""
        lines = [*self.found(cause), *self._tried(cause)]
        return [*lines, *self.entry("more", f"nanwatch explain {cause.label}")]

    def found(self, cause: Cause) -> list[str]:
        """A cause, its evidence and its fix."""
        lines = self.entry("cause", f"{cause.label}, confidence {cause.confidence:.0%}")
        lines += self.entry("", cause.summary)
        evidence = [item for item in cause.evidence if item.check != REPLAY]
        lines += ["", *self.evidence(evidence), ""]
        lines += self.entry("fix", cause.fix.text)
        return lines + [" " * (INDENT + 2) + line for line in cause.fix.code.splitlines()]

    def evidence(self, evidence: Sequence[Evidence]) -> list[str]:
        """What speaks for or against it. Long checks leave too little room beside them."""
        most = (self.width - INDENT) * 3 // 5
        width = max((n for item in evidence if (n := len(item.check)) <= most), default=0) + 2
        lines = [line for item in evidence for line in self._check(item, width)]
        return [_titled("evidence", lines[0]), *lines[1:]] if lines else []

    def others(self, causes: tuple[Cause, ...]) -> list[str]:
        """Further suspects."""
        if not causes:
            return []
        return self.entry("or else", ", ".join(f"{c.label} {c.confidence:.0%}" for c in causes))

    def entry(self, name: str, text: str) -> list[str]:
        """A titled paragraph, its lines below each other."""
        wrapped = textwrap.wrap(text, self.width - INDENT) or [""]
        lines = [" " * INDENT + line for line in wrapped]
        return [_titled(name, lines[0]), *lines[1:]]

    def _tried(self, cause: Cause) -> list[str]:
        """What became of the fix in a replay, or why there was none."""
        told = next((item.seen for item in cause.evidence if item.check == REPLAY), "")
        words = VERIFIED_WORDS[cause.verified]
        return self.entry("tried", f"{words}: {told}." if told else f"{words}.")

    def _check(self, item: Evidence, width: int) -> list[str]:
        """A check with what was seen beside it; below it where its own words are too long."""
        text = item.seen if item.healthy else f"{item.seen} (healthy: {item.expected})"
        hang = " " * (INDENT + width)
        seen = [hang + line for line in textwrap.wrap(text, self.width - len(hang)) or [""]]
        if len(item.check) > width - 2:
            words = textwrap.wrap(item.check, self.width - INDENT)
            return [" " * INDENT + line for line in words] + seen
        return [f"{'':{INDENT}}{item.check:<{width}}{seen[0][len(hang) :]}", *seen[1:]]


def _titled(name: str, line: str) -> str:
    return f"  {name:<{INDENT - 2}}{line[INDENT:]}"
