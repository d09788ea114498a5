"""Class numbers below 0, or not below the number of units."""

from __future__ import annotations

from dataclasses import replace

from nanwatch.diagnosis import clues, words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.errors import Range, label_range
from nanwatch.diagnosis.examples import failed, labels, output_facts, predicted, raised, table
from nanwatch.diagnosis.looks import ArrayLook
from nanwatch.diagnosis.outputs import SPARSE, Output, outputs
from nanwatch.events import Fix, Symptom

LOSSES = (*SPARSE, "CategoricalGeneralizedCrossEntropy")
FAR = 4
"""A label this many times as large as the number of units hardly counts a class."""
SYMPTOMS: frozenset[Symptom] = frozenset({"exception", "nan_loss", "nan_val_only"})


def weigh(case: Case) -> Testimony | None:
    """A class number for which there is no unit, refused by the loss or seen in the targets."""
    return _refused(case) or _seen(case)


def _refused(case: Case) -> Testimony | None:
    found = label_range(case)
    if found is None:
        return None
    clue = Clue(6.0, "what the loss says", _outside(found.value, found.size), "no label outside")
    output = next((o for o in outputs(case) if o.units == found.size), Output(units=found.size))
    return _testimony(case, output, found, [clue])


def _seen(case: Case) -> Testimony | None:
    for output in outputs(case):
        target = _target(case, output)
        if target is None or output.loss not in LOSSES or not output.units:
            continue
        value = _worst(target, output)
        if value is not None:
            clue = Clue(6.0, "class numbers", _outside(value, output.units), "none outside", False)
            found = [clue, *_sound(case)]
            return _testimony(case, output, Range(value, output.units, _rows(case)), found)
    return None


def _target(case: Case, output: Output) -> ArrayLook | None:
    """The output's target in the data at fault, which may be those of the validation."""
    if case.symptom != "nan_val_only":
        return output.target
    looks = [look for look in case.validation if look.role == "target"]
    return next((look for look in looks if look.name == output.name or len(looks) == 1), None)


def _worst(target: ArrayLook, output: Output) -> int | None:
    """A class number that no unit stands for; the loss may leave out a certain negative one."""
    units = output.units or 0
    if target.high >= units:
        return int(target.high)
    ignored = output.settings.get("ignore_class")
    below = [v for v in target.distinct if v < 0 and v != ignored]
    return int(below[0]) if below else None


def _sound(case: Case) -> list[Clue]:
    """The labels are to blame only where the predictions were sound."""
    if case.autopsy is None or case.symptom == "nan_val_only":
        return []
    finite = case.autopsy.predictions_finite
    seen, weight = ("all finite", 0.5) if finite else ("not all finite", -6.0)
    predictions = Clue(weight, "predictions of the batch", seen, "all finite", finite)
    return [predictions, clues.weights_were_finite(case)]


def _rows(case: Case) -> tuple[int, ...]:
    terms = case.autopsy.terms if case.autopsy else ()
    return next((term.rows for term in terms if term.rows), ())


def _outside(value: int, size: int) -> str:
    return f"{value}, outside of 0 to {size - 1}"


def _testimony(case: Case, output: Output, found: Range, seen: list[Clue]) -> Testimony:
    low, high = _ends(case, output, found)
    whose = "validation labels" if case.symptom == "nan_val_only" else "labels"
    summary = (
        f"The {whose} run from {low} to {high}, but the model has {found.size} units: it knows "
        f"the classes 0 to {found.size - 1}. On a CPU such a label raises; compiled by XLA, as on "
        "a GPU, it turns the loss NaN without a word."
    )
    place: dict[str, object] = dict(output.place)
    if found.rows:
        place["rows"] = list(found.rows)
    shifted = low > 0 and high - low < found.size
    remedy = "shift_labels" if shifted else case.better("drop_labels", "ignored_class")
    also = () if shifted else ("ignored_class",)
    return Testimony(summary, seen, _fix(low, high, found.size), place, remedy, also)


def _ends(case: Case, output: Output, found: Range) -> tuple[int, int]:
    """The smallest and the largest label, of the whole data set where it was looked at."""
    looks = [*case.data, *case.validation, *([output.target] if output.target else ())]
    targets = [look for look in looks if look.role == "target" and look.integral]
    if output.name and any(look.name == output.name for look in targets):
        targets = [look for look in targets if look.name == output.name]
    lows, highs = [int(look.low) for look in targets], [int(look.high) for look in targets]
    return min([found.value, *lows]), max([found.value, *highs])


def _fix(low: int, high: int, size: int) -> Fix:
    if low > 0 and high - low < size:
        return Fix(f"Let the labels begin at 0: subtract {low}.", f"model.fit(x, y - {low})")
    if low < 0 <= high < size:
        return _ignoring(low)
    if low >= 0 and high > FAR * size:
        return _ignoring(high)
    more = words.number(high + 1)
    return Fix(
        f"Give the model a unit for every class, {more} of them, or drop the labels from {size} "
        "on if they are mistakes.",
        f'- Dense({size}, activation="softmax")\n+ Dense({high + 1}, activation="softmax")',
    )


def _ignoring(label: int) -> Fix:
    """A label that stands for no class, such as -1 or 255."""
    return Fix(
        f"Leave out the rows labelled {label}, or tell the loss to ignore them.",
        f"keras.losses.SparseCategoricalCrossentropy(ignore_class={label})",
    )


SCCE = output_facts("softmax", SPARSE[0], 10)
TOO_LARGE = labels(0.0, 3.0, 10.0)

PAGE = CausePage(
    label="label_out_of_range",
    title="A class number without a unit",
    why=(
        "The sparse cross-entropy takes a label for the position of a unit. Labels from 1 to 10 "
        "want the positions 1 to 10 of a model whose ten units stand at 0 to 9. On a CPU the loss "
        "raises; compiled by XLA it is NaN, and so are all weights after the update."
    ),
    remedy="Let labels begin at 0 and give the model max(label) + 1 units.",
    before="y = digits + 1\nmodel.add(Dense(10))\nmodel.fit(x, y)",
    after="y = digits\nmodel.add(Dense(10))\nmodel.fit(x, y)",
    weigh=weigh,
    fires=(
        raised(
            "Received a label value of 10 which is outside the valid range of [0, 10).  "
            "Label values: 3 10 1",
            TOO_LARGE,
            facts=SCCE,
        ),
        replace(failed(table(), TOO_LARGE, facts=SCCE, losses=())),
        replace(failed(facts=SCCE), symptom="nan_val_only", validation=(TOO_LARGE,), autopsy=None),
    ),
    quiet=(
        failed(table(), labels(0.0, 9.0), facts=SCCE),
        failed(
            table(),
            labels(-1.0, 9.0),
            predicted(0.0, 1.0, 10),
            facts=output_facts("softmax", SPARSE[0], 10, ignore_class=-1),
        ),
        failed(table(), TOO_LARGE, facts=SCCE, autopsy={"predictions_finite": False}),
        raised("disk gone", TOO_LARGE, facts=output_facts("linear", "MeanSquaredError")),
    ),
    symptoms=SYMPTOMS,
)
