"""What a person reads in the terminal: one line of news, and a diagnosis as a short report."""

from __future__ import annotations

import contextlib
import sys
import textwrap
from collections.abc import Sequence

from nanwatch.diagnosis.cause import REPLAY
from nanwatch.events import Cause, Diagnosis, Evidence, Fault, Symptom

WIDTH, INDENT = 96, 13
MOST_CHECK = 50  # longer words of a check leave too little room beside them
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


def say_nothing(line: str) -> None:
    """Keep quiet: what `verbose=0` says of a line."""


def symptom_words(diagnosis: Diagnosis) -> str:
    """What happened, and to what: "the gradient is not finite"."""
    return FAULT_WORDS.get(diagnosis.fault) or SYMPTOM_WORDS[diagnosis.symptom]


def render(diagnosis: Diagnosis, observed: Sequence[Evidence] = ()) -> str:
    """A diagnosis as lines of at most 96 characters: what, why, evidence, what to change.

    Args:
        observed: what was seen of the failure, told where no known cause fits.
    """
    lines = [headline(diagnosis), ""]
    if not diagnosis.causes:
        lines += _entry("cause", "none of the known causes fits what was seen")
        lines += _evidence(observed)
    for cause in diagnosis.causes[:1]:
        lines += _cause(cause)
    lines += _others(diagnosis.causes[1:4])
    return "\n".join(lines) + "\n"


def foreseen(diagnosis: Diagnosis) -> str:
    """What would go wrong, as lines of at most 96 characters."""
    words = SYMPTOM_WORDS[diagnosis.symptom]
    lines = [f"{diagnosis.severity}: trained like this, {words}"]
    if not diagnosis.causes:
        lines += _entry("cause", "none of the known causes fits what was seen")
    for cause in diagnosis.causes[:1]:
        lines += [*_found(cause), *_entry("more", f"nanwatch explain {cause.label}")]
    return "\n".join([*lines, *_others(diagnosis.causes[1:4])]) + "\n"


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


def _cause(cause: Cause) -> list[str]:
    lines = [*_found(cause), *_tried(cause)]
    return [*lines, *_entry("more", f"nanwatch explain {cause.label}")]


def _tried(cause: Cause) -> list[str]:
    """What became of the fix in a replay, or why there was none."""
    told = next((item.seen for item in cause.evidence if item.check == REPLAY), "")
    words = VERIFIED_WORDS[cause.verified]
    return _entry("tried", f"{words}: {told}." if told else f"{words}.")


def _found(cause: Cause) -> list[str]:
    """The cause, its evidence and its fix."""
    lines = _entry("cause", f"{cause.label}, confidence {cause.confidence:.0%}")
    lines += _entry("", cause.summary)
    evidence = [item for item in cause.evidence if item.check != REPLAY]
    lines += ["", *_evidence(evidence), ""]
    lines += _entry("fix", cause.fix.text)
    return lines + [" " * (INDENT + 2) + line for line in cause.fix.code.splitlines()]


def _evidence(evidence: Sequence[Evidence]) -> list[str]:
    width = max((n for item in evidence if (n := len(item.check)) <= MOST_CHECK), default=0) + 2
    lines = [line for item in evidence for line in _check(item, width)]
    return [_titled("evidence", lines[0]), *lines[1:]] if lines else []


def _check(item: Evidence, width: int) -> list[str]:
    """A check with what was seen beside it; below it where its own words are too long for that."""
    text = item.seen if item.healthy else f"{item.seen} (healthy: {item.expected})"
    hang = " " * (INDENT + width)
    seen = [hang + line for line in textwrap.wrap(text, WIDTH - len(hang)) or [""]]
    if len(item.check) > width - 2:
        return [" " * INDENT + line for line in textwrap.wrap(item.check, WIDTH - INDENT)] + seen
    return [f"{'':{INDENT}}{item.check:<{width}}{seen[0][len(hang) :]}", *seen[1:]]


def _others(causes: tuple[Cause, ...]) -> list[str]:
    if not causes:
        return []
    return _entry("or else", ", ".join(f"{c.label} {c.confidence:.0%}" for c in causes))


def _entry(name: str, text: str) -> list[str]:
    """A titled paragraph, its lines below each other."""
    wrapped = textwrap.wrap(text, WIDTH - INDENT) or [""]
    lines = [" " * INDENT + line for line in wrapped]
    return [_titled(name, lines[0]), *lines[1:]]


def _titled(name: str, line: str) -> str:
    return f"  {name:<{INDENT - 2}}{line[INDENT:]}"
