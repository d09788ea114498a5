"""One batch of a stream is bad, the others are fine."""

from __future__ import annotations

from dataclasses import replace

from nanwatch.diagnosis import clues, words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import failed, table
from nanwatch.diagnosis.looks import ArrayLook
from nanwatch.diagnosis.streams import bad_share, out_of_scale, spoilt
from nanwatch.events import Fix, Symptom

SYMPTOMS: frozenset[Symptom] = frozenset({"nan_loss", "exploding_loss", "loss_spike"})
FIX = Fix(
    "Find out what the stream read for this batch - a broken file, a failed decoding, a worker "
    "that returned an empty buffer - and leave such batches out.",
    "dataset = dataset.filter(lambda x, y: tf.reduce_all(tf.math.is_finite(x)))",
)


def weigh(case: Case) -> Testimony | None:
    """A batch that as a whole is not finite, or on another scale than those before."""
    look = spoilt(case)
    if look is not None:
        seen = f"{bad_share(look):.0%} of the rows of {look.name} are not finite"
        summary = f"this one is not finite in {words.places('row', look.rows)} of {look.name}"
        return _testimony(case, look, seen, summary, "drop_rows")
    found = out_of_scale(case)
    if found is None:
        return None
    seen = f"{found[0].name} is {words.number(found[1])} times as large as at first"
    return _testimony(case, found[0], seen, f"in this one {seen}", "drop_outliers")


def _testimony(case: Case, look: ArrayLook, seen: str, what: str, remedy: str) -> Testimony:
    kind = str(case.facts.get("data_kind"))
    found = [
        Clue(5.0, "this batch beside the earlier ones", seen, "batches are alike", False),
        Clue(1.0, "where the data come from", f"a stream ({kind})", "any"),
        clues.weights_were_finite(case),
    ]
    summary = f"The batches before were fine, {what}: the stream ({kind}) gave one bad batch."
    place: dict[str, object] = {"input" if look.role == "input" else "output": look.name}
    if look.rows:
        place["rows"] = list(look.rows)
    return Testimony(summary, found, FIX, place, case.better(remedy, "skip_batch"), ("skip_batch",))


STREAM = {"data_kind": "generator"}
BAD = table(n_nan=128, rows=tuple(range(32)), columns=(0, 1, 2, 3))

PAGE = CausePage(
    label="corrupt_batch",
    title="One bad batch of a stream",
    why=(
        "A generator or a pipeline makes batches while the training runs. A file cut short, a "
        "picture that was not decoded or a buffer that was not filled becomes one batch of NaN or "
        "of arbitrary numbers, thousands of good steps after the start."
    ),
    remedy="Check every batch where it is made, and skip those that are not as they should be.",
    before="def batches():\n    for path in paths:\n        yield read(path)",
    after=(
        "def batches():\n    for path in paths:\n        x, y = read(path)\n"
        "        if np.isfinite(x).all():\n            yield x, y"
    ),
    weigh=weigh,
    fires=(
        failed(BAD, table("target"), facts=STREAM, autopsy={"predictions_finite": False}),
        replace(failed(table(scale=1e6), facts=STREAM), data=(table(), table("target"))),
    ),
    quiet=(
        failed(BAD, table("target"), facts={"data_kind": "arrays"}),
        failed(table(n_nan=1, rows=(3,)), table("target"), facts=STREAM),
        replace(failed(facts=STREAM), data=(table(), table("target"))),
    ),
    symptoms=SYMPTOMS,
)
