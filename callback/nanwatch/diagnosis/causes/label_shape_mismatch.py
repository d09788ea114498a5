"""Class numbers instead of one-hot rows, the other way round, or a wrong number of columns."""

from __future__ import annotations

from nanwatch.diagnosis import words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.errors import is_about_shapes
from nanwatch.diagnosis.examples import labels, one_hot, output_facts, raised, silent, table
from nanwatch.diagnosis.looks import ArrayLook
from nanwatch.diagnosis.outputs import BINARY, CATEGORICAL, SPARSE, Output, outputs, width
from nanwatch.events import Fix, Symptom

SYMPTOMS: frozenset[Symptom] = frozenset({"exception"})


def weigh(case: Case) -> Testimony | None:
    """Targets of a shape that the loss cannot compare with the output."""
    if not is_about_shapes(case):
        return None
    for output in outputs(case):
        if output.target is None or output.custom or not output.units:
            continue
        fix = _fix(output, output.target, output.units)
        if fix is not None:
            return _testimony(case, output, output.target, fix)
    return None


def _fix(output: Output, target: ArrayLook, units: int) -> Fix | None:
    """How loss, target and units come together; None when their shapes do fit."""
    columns = width(target)
    if output.loss in SPARSE:
        return _as_classes(target, units) if columns > 1 and len(target.shape) > 1 else None
    if columns == units:
        return None
    if columns == 1 and target.integral and output.loss in CATEGORICAL:
        return _as_one_hot(target, units)
    return _other_width(output, target, units)


def _as_classes(target: ArrayLook, units: int) -> Fix:
    if target.one_hot and width(target) == units:
        text = "The labels are one-hot rows: use the loss that takes them."
        return Fix(text, 'model.compile("adam", "categorical_crossentropy")')
    text = "Give the loss one class number a row: the position of the largest column."
    return Fix(text, "model.fit(x, y.argmax(axis=-1))")


def _as_one_hot(target: ArrayLook, units: int) -> Fix:
    classes = max(units, int(target.high) + 1)
    return Fix(
        "The labels are class numbers: use the loss that takes them, or make one-hot rows of them.",
        'model.compile("adam", "sparse_categorical_crossentropy")\n'
        f"# or: y = keras.utils.to_categorical(y, num_classes={classes})",
    )


def _other_width(output: Output, target: ArrayLook, units: int) -> Fix:
    columns = width(target)
    if output.loss in BINARY and units == 1 and target.one_hot and columns == 2:
        text = "One unit says yes or no: give it the second column of the one-hot rows."
        return Fix(text, "model.fit(x, y[:, 1:])")
    text = f"Give the model as many units as the target has columns: {columns}."
    return Fix(text, f"- Dense({units}, ...)\n+ Dense({columns}, ...)")


def _testimony(case: Case, output: Output, target: ArrayLook, fix: Fix) -> Testimony:
    kind = "one-hot rows" if target.one_hot else "class numbers" if target.integral else "numbers"
    shape = "(" + ", ".join(["rows", *map(str, target.shape[1:])]) + ")"
    summary = (
        f"The targets are {kind} of shape {shape}, the model has {words.number(output.units or 0)} "
        f"units, and {output.call} cannot compare the two."
    )
    error = case.error.message.splitlines()[-1][:200] if case.error else ""
    found = [
        Clue(4.0, f"shape of the target, under {output.call}", shape, _wanted(output), False),
        Clue(1.0, "what fit raised", error, "nothing", False),
    ]
    return Testimony(summary, found, fix, output.place)


def _wanted(output: Output) -> str:
    return "(rows,)" if output.loss in SPARSE else f"(rows, {output.units})"


RANK = "Arguments `target` and `output` must have the same rank (ndim)."
CCE, SCCE = CATEGORICAL[0], SPARSE[0]

PAGE = CausePage(
    label="label_shape_mismatch",
    title="Labels of a shape that the loss does not take",
    why=(
        "categorical_crossentropy wants a one-hot row for every sample, as wide as the model's "
        "output; sparse_categorical_crossentropy wants one class number. Given the other form, "
        "the two shapes cannot be compared and fit raises."
    ),
    remedy="Use the sparse loss for class numbers and the other for one-hot rows.",
    before='model.compile("adam", "categorical_crossentropy")\nmodel.fit(x, digits)',
    after='model.compile("adam", "sparse_categorical_crossentropy")\nmodel.fit(x, digits)',
    weigh=weigh,
    fires=(
        raised(RANK, table(), labels(0.0, 1.0, 2.0), facts=output_facts("softmax", CCE, 3)),
        raised(RANK, table(), one_hot(3), facts=output_facts("softmax", SCCE, 3)),
        raised(RANK, table(), one_hot(2), facts=output_facts("sigmoid", BINARY[0])),
    ),
    quiet=(
        raised("disk gone", table(), labels(0.0, 1.0), facts=output_facts("softmax", CCE, 3)),
        raised(RANK, table(), one_hot(3), facts=output_facts("softmax", CCE, 3)),
        silent("underfit", table(), one_hot(3), facts=output_facts("softmax", CCE, 3)),
    ),
    symptoms=SYMPTOMS,
)
