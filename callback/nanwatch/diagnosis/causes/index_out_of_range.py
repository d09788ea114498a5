"""An id that the table of an embedding does not hold."""

from __future__ import annotations

import math
from dataclasses import replace

from nanwatch.diagnosis import clues
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.errors import Range, in_optimizer, index_range
from nanwatch.diagnosis.examples import failed, raised, table
from nanwatch.diagnosis.looks import ArrayLook, LayerLook
from nanwatch.events import Fix, Symptom

SYMPTOMS: frozenset[Symptom] = frozenset({"exception", "nan_loss"})


def weigh(case: Case) -> Testimony | None:
    """An id that a lookup refused, or for which it gave NaN."""
    found = index_range(case)
    if found is not None and in_optimizer(case):  # it looks up rows of its own
        return None
    if found is not None:
        seen = f"{found.value}, outside of 0 to {found.size - 1}"
        return _testimony(case, found, [Clue(6.0, "what the lookup says", seen, "no id outside")])
    return _looked_up_nan(case)


def _looked_up_nan(case: Case) -> Testimony | None:
    """JAX fills in NaN for an id that is not there."""
    born = case.autopsy.born_in if case.autopsy else None
    if born is None or born.kind != "Embedding" or case.symptom != "nan_loss":
        return None
    clue = Clue(5.0, "first layer whose output is not finite", born.name, "none", False)
    found = Range(int(born.input_largest) if born.input_largest > 0 else 0, 0, (), born.name)
    return _testimony(case, found, [clue, clues.weights_were_finite(case)])


def _testimony(case: Case, found: Range, seen: list[Clue]) -> Testimony:
    table_of = f"of {found.layer} " if found.layer else ""
    rows = f"{found.size} rows, for the ids 0 to {found.size - 1}" if found.size else "fewer rows"
    summary = (
        f"The id {found.value} was looked up, but the table {table_of}has {rows}. On a CPU that "
        "raises; compiled it trains on with zeros or NaN."
    )
    place: dict[str, object] = {"layer": found.layer} if found.layer else {}
    if found.rows:
        place["rows"] = list(found.rows)
    return Testimony(summary, seen, _fix(found, _largest(case, found)), place)


def _ids(case: Case) -> list[ArrayLook]:
    looks = [*case.data, *case.arrays("input")]
    return [
        one for one in looks if one.role == "input" and one.integral and math.isfinite(one.high)
    ]


def _largest(case: Case, found: Range) -> int | None:
    """The largest id of the input that the id came from; None where it may be of several."""
    highest = {int(look.high) for look in _ids(case) if look.high >= found.value}
    return max(highest, default=found.value) if len(highest) < 2 else None


def _fix(found: Range, largest: int | None) -> Fix:
    if found.value < 0:
        text = "Ids begin at 0: give padding an id of its own, and make room for it in the table."
        return Fix(text, "x = np.where(x < 0, 0, x + 1)")
    size = found.size or "n"
    if largest is None:
        text = f"Make the table one row longer than its largest id, {found.value} or more."
        return Fix(text, f"- Embedding({size}, ...)\n+ Embedding(ids.max() + 1, ...)")
    text = f"Make the table one row longer than the largest id, {largest}."
    return Fix(text, f"- Embedding({size}, ...)\n+ Embedding({largest + 1}, ...)")


IDS = table(integral=True, dtype="int64", low=0.0, high=104.0)

PAGE = CausePage(
    label="index_out_of_range",
    title="An id outside of the embedding's table",
    why=(
        "An embedding is a table with input_dim rows, and an id is the number of a row. Ids are "
        "counted from 0, so that 100 words with ids 1 to 100 want 101 rows. On a CPU an id "
        "outside raises, in the step in which it first appears; compiled code reads something else."
    ),
    remedy="Set input_dim to the largest id + 1, which is the vocabulary and its padding.",
    before="Embedding(len(vocabulary), 16)",
    after="Embedding(max(vocabulary.values()) + 1, 16)",
    weigh=weigh,
    fires=(
        raised(
            "indices[9,1] = 100 is not in [0, 100)\n [[{{node net/embedding/GatherV2}}]]",
            IDS,
            table("target"),
        ),
        failed(
            IDS,
            table("target"),
            autopsy={
                "layers": (LayerLook("words", "Embedding", True, False, 0.0, input_largest=104.0),),
                "predictions_finite": False,
            },
        ),
    ),
    quiet=(
        raised("disk gone", IDS),
        raised("File keras/src/optimizers/rmsprop.py\n indices[1] = 865 is not in [0, 385)", IDS),
        replace(failed(IDS, table("target"))),
    ),
    symptoms=SYMPTOMS,
)
