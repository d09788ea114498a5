"""What the causes "NaN / infinity in inputs / targets / sample weights" have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nanwatch.diagnosis import clues, words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import Clue, Testimony
from nanwatch.diagnosis.looks import ArrayLook, Role
from nanwatch.diagnosis.streams import bad_share, spoilt
from nanwatch.events import Fix

ROLE_WORDS: dict[Role, str] = {
    "input": "inputs",
    "target": "targets",
    "sample_weight": "sample weights",
}


def weigh_cells(
    case: Case, role: Role, kind: str, count: Callable[[ArrayLook], int], fix: Fix
) -> Testimony | None:
    """Testimony of the first array of `role` with cells that `count` counts."""
    look = next((look for look in case.arrays(role) if count(look)), None)
    if look is None:
        return None
    found = [
        clues.bad_cells(look, count(look), kind),
        clues.weights_were_finite(case),
        clues.calm(case),
    ]
    if (batch := spoilt(case)) is not None:
        share = f"{bad_share(batch):.0%} of the rows of {batch.name}"
        found.append(Clue(-5.0, "bad rows of this batch of a stream", share, "single rows"))
    if role == "input":
        found.append(clues.reached_the_model(case))
    what = f"cells of the input {look.name}" if _is_one_of_several(case, look) else ROLE_WORDS[role]
    fix = _fix_of(look, fix) if _is_one_of_several(case, look) else _of_its_rank(look, fix)
    summary = _summary(look, kind, what) + _in_all(case, look)
    remedy = case.better("drop_rows", "fill_cells")
    return Testimony(summary, found, fix, where(look), remedy, ("fill_cells",))


def _in_all(case: Case, look: ArrayLook) -> str:
    """How many rows of the data set are at fault, where all of it was looked at."""
    whole = [one for one in case.data if (one.role, one.name) == (look.role, look.name)]
    rows = len(whole[0].rows) if whole and whole[0].samples else 0
    return f" In the whole data set {rows} rows are at fault." if rows > len(look.rows) else ""


def _is_one_of_several(case: Case, look: ArrayLook) -> bool:
    return look.role == "input" and len(case.arrays("input")) > 1


def _fix_of(look: ArrayLook, fix: Fix) -> Fix:
    """The same for a model with several inputs, given as a dict."""
    code = (
        f'good = np.isfinite(x["{look.name}"]).reshape(len(y), -1).all(axis=1)\n'
        "model.fit({name: part[good] for name, part in x.items()}, y[good])"
    )
    return Fix(fix.text, code)


def _of_its_rank(look: ArrayLook, fix: Fix) -> Fix:
    """The same for pictures and the like, whose rows have several axes."""
    if len(look.shape) < 3:
        return fix
    flat = fix.code.replace("(x).all(axis=1)", "(x).reshape(len(x), -1).all(axis=1)")
    return Fix(fix.text, flat)


def where(look: ArrayLook) -> dict[str, Any]:
    """Which rows, samples and columns of which array."""
    place: dict[str, Any] = {"rows": list(look.rows)}
    if look.role != "sample_weight":
        place["input" if look.role == "input" else "output"] = look.name
    columns = ("columns", "column_names") if _has_columns(look) else ()
    for name in ("samples", *columns):
        if getattr(look, name):
            place[name] = list(getattr(look, name))
    return place


def _has_columns(look: ArrayLook) -> bool:
    """A picture of one channel has none that could be told apart."""
    return len(look.shape) < 3 or look.shape[-1] > 1


def _summary(look: ArrayLook, kind: str, what: str) -> str:
    columns = f", {words.columns(look)}" if look.columns and _has_columns(look) else ""
    return (
        f"The {what} hold {kind}: {_rows(look)}{columns}. One such cell makes the "
        "batch's loss and every gradient non-finite."
    )


def _rows(look: ArrayLook) -> str:
    """The rows of the batch with their places in the data set, or just these of a whole look."""
    rows = words.places("row", look.rows)
    if look.samples == look.rows:
        return f"{rows} of the data set"
    samples = f" (data set {words.places('row', look.samples)})" if look.samples else ""
    return f"{rows} of the batch{samples}"
