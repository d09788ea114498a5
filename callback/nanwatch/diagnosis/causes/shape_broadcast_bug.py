"""Predictions and targets of different ranks, which are compared each with each."""

from __future__ import annotations

import math

from nanwatch.diagnosis import words
from nanwatch.diagnosis.case import Case, Trial
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.clues import weight_below
from nanwatch.diagnosis.errors import is_about_shapes
from nanwatch.diagnosis.examples import CURED, output_facts, predicted, silent, table
from nanwatch.diagnosis.looks import ArrayLook, OperationLook
from nanwatch.diagnosis.outputs import ERRORS, Output, outputs, width
from nanwatch.events import Fix, Symptom

SYMPTOMS: frozenset[Symptom] = frozenset(
    {"loss_stuck", "underfit", "huge_loss", "oscillating", "exception"}
)
ALIKE = 0.25
"""Predictions that spread less than this share of the targets are nearly the same."""
LAST = Fix(
    "Let the last recurrent layer give its last step only, or pool over the steps.",
    "- layers.LSTM(32, return_sequences=True)\n+ layers.LSTM(32)",
)
FIX = Fix(
    "Bring both to one shape before they are compared, or give the targets the column that the "
    "predictions have.",
    "y_true = keras.ops.reshape(y_true, keras.ops.shape(y_pred))",
)


def weigh(case: Case) -> Testimony | None:
    """(rows,) beside (rows, 1) in the user's own loss or step, or one column beside several."""
    if case.symptom == "exception" and not is_about_shapes(case):
        return None
    crossed = case.autopsy.crossed if case.autopsy else None
    if crossed:
        return _crossed(case, crossed[0])
    if crossed is None and case.facts.get("own_step") and (found := _in_own_step(case)) is not None:
        return found
    for output in outputs(case):
        target, prediction = output.target, output.prediction
        if target is None or prediction is None:
            continue
        if crossed is None and output.custom and _ranks_differ(target, prediction):
            return _ranks(target, prediction, output)
        if output.custom and _same_for_all(target, prediction):
            return _lost_axis(target, prediction, output)
        if _both_stretch(target, prediction):
            return _both_axes(target, prediction, output)
        if _one_beside_many_steps(target, prediction):
            return _steps(target, prediction, output)
        if output.loss in ERRORS and _one_beside_several(target, prediction):
            return _columns(target, prediction, output)
    return None


def _in_own_step(case: Case) -> Testimony | None:
    looks, predictions = case.arrays("target"), case.predictions
    for target, prediction in zip(looks, predictions, strict=False):
        if _ranks_differ(target, prediction):
            return _ranks(target, prediction, Output())
    return None


def _crossed(case: Case, look: OperationLook) -> Testimony:
    """An operation of the user's own that was seen to compare every row with every other."""
    shapes = "(rows,) and (rows, 1)"
    place = {"source_line": look.source_line, "layer": look.layer}
    summary = (
        f"{look.source_line or look.layer or 'The loss'} takes {shapes} together: each row meets "
        "every other one, and the best that can be learnt is the mean of all targets."
    )
    found = [
        Clue(4.0, f"shapes that {look.kind} is given", shapes, "the same", False),
        Clue(0.0, "line of code", f"{look.source_line}: {look.code}", "one row at a time"),
    ]
    pairs = zip(case.arrays("target"), case.predictions, strict=False)
    differ = any(_ranks_differ(target, prediction) for target, prediction in pairs)
    where = {key: value for key, value in place.items() if value}
    return Testimony(summary, found, FIX, where, "column_targets" if differ else "")


def _ranks_differ(target: ArrayLook, prediction: ArrayLook) -> bool:
    """Whether one is (rows,) and the other (rows, 1)."""
    shapes = sorted((target.shape, prediction.shape), key=len)
    rows = shapes[0][:1]
    return len(shapes[0]) == 1 and shapes[1] == (*rows, 1) and rows > (1,)


def _same_for_all(target: ArrayLook, prediction: ArrayLook) -> bool:
    """Whether a model with one output says nearly the same of every row."""
    return width(target) == width(prediction) == 1 and prediction.std < ALIKE * target.std


def _one_beside_several(target: ArrayLook, prediction: ArrayLook) -> bool:
    """A target of one column is compared with each of several outputs."""
    same_rank = len(target.shape) == len(prediction.shape) == 2
    return same_rank and width(target) == 1 < width(prediction) and not target.integral


def _both_stretch(target: ArrayLook, prediction: ArrayLook) -> bool:
    """Whether each is stretched along an axis of its own, as (9, 1, 24) beside (9, 24, 1) is."""
    if len(target.shape) != len(prediction.shape):
        return False
    pairs = [(t, p) for t, p in zip(target.shape, prediction.shape, strict=True) if t != p]
    stretched = all(1 in pair for pair in pairs)
    return stretched and any(t == 1 for t, _ in pairs) and any(p == 1 for _, p in pairs)


def _one_beside_many_steps(target: ArrayLook, prediction: ArrayLook) -> bool:
    """A target of one number a row is compared with each step of a sequence of them."""
    shape = prediction.shape
    return (
        len(shape) > 2
        and shape[-1] == 1 < max(shape[1:])
        and width(target) == 1
        and (len(target.shape) < 3)
    )


def _both_axes(target: ArrayLook, prediction: ArrayLook, output: Output) -> Testimony:
    summary = (
        f"The targets have shape {target.shape}, the predictions {prediction.shape}: both are "
        "stretched, and every number of one is compared with every number of the other."
    )
    seen = f"{target.shape} and {prediction.shape}"
    found = [
        Clue(4.0, "shapes of target and prediction", seen, "the same", False),
        _alike(target, prediction),
    ]
    return Testimony(summary, found, FIX, output.place)


def _ranks(target: ArrayLook, prediction: ArrayLook, output: Output) -> Testimony:
    rows = target.shape[0]
    summary = (
        f"The targets have shape {target.shape}, the predictions {prediction.shape}. Subtracting "
        f"one from the other gives {rows} x {rows} differences, of every row with every other: "
        "the best that can be learnt is the mean of all targets."
    )
    seen = f"{target.shape} and {prediction.shape}"
    found = [
        Clue(3.0, "shapes of target and prediction in own code", seen, "the same", False),
        _alike(target, prediction),
    ]
    return Testimony(summary, found, FIX, output.place, "column_targets")


def _lost_axis(target: ArrayLook, prediction: ArrayLook, output: Output) -> Testimony:
    """One of both may lose its last axis within the loss, where nobody sees it from outside."""
    summary = (
        f"The model says nearly the same of every row under the own loss {output.loss}, and "
        "learns under a mean squared error. So it is where the loss stretches the shapes of "
        "target and prediction to each other: every prediction is compared with every target."
    )
    found = [Clue(0.0, "loss", f"own, {output.loss}", "any"), _alike(target, prediction)]
    return Testimony(summary, found, FIX, output.place, "as_regression")


def _alike(target: ArrayLook, prediction: ArrayLook) -> Clue:
    """A model that is compared with all rows at once says the same of all."""
    check, expected = "spread of the predictions", "about that of the targets"
    if not target.std > 0 or math.isnan(prediction.std):
        return Clue(0.0, check, "not known", expected)
    share = prediction.std / target.std
    weight = weight_below(share, (ALIKE, 1.5), (0.5, 0.5), otherwise=-2.0)
    seen = f"{words.number(share)} of that of the targets"
    return Clue(weight, check, seen, expected, share >= 0.5)


def _columns(target: ArrayLook, prediction: ArrayLook, output: Output) -> Testimony:
    units = width(prediction)
    summary = (
        f"The target has one column, the model {units} units: {output.call} compares the one "
        "number with each of them."
    )
    seen = f"{target.shape} and {prediction.shape}"
    clue = Clue(4.0, "shapes of target and prediction", seen, "the same", False)
    text = "Give the model as many units as the target has columns."
    fix = Fix(text, f"- Dense({units})\n+ Dense({width(target)})")
    return Testimony(summary, [clue], fix, output.place)


def _steps(target: ArrayLook, prediction: ArrayLook, output: Output) -> Testimony:
    summary = (
        f"The target has one number a row, shape {target.shape}, and the model predicts many, "
        f"{prediction.shape}: each of them is compared with that one number, and those that "
        "cannot know it yet drown the one that can."
    )
    seen = f"{target.shape} and {prediction.shape}"
    clue = Clue(4.5, "shapes of target and prediction", seen, "the same", False)
    return Testimony(summary, [clue], LAST, output.place, "last_step")


CROSSING = OperationLook("Sub", "loss", source_line="train.py:12", code="error = y - p")
SEQUENCE, COLUMN = predicted(-1.0, 1.0, shape=(32, 20, 1)), table("target", shape=(32, 1))
SQUARED = output_facts("linear", "MeanSquaredError")
OWN = output_facts("linear", "my_loss", custom=True)
FLAT = table("target", shape=(32,))

PAGE = CausePage(
    label="shape_broadcast_bug",
    title="Every prediction compared with every target",
    why=(
        "A model with one unit predicts a column, shape (rows, 1), while targets often come as "
        "(rows,). NumPy's rules stretch both to (rows, rows), without a word. Keras' own losses "
        "put that right; a loss or train step of one's own has to do so itself."
    ),
    remedy="Make the shapes equal in the loss, and assert that they are.",
    before="def loss(y, p):\n    return keras.ops.mean((y - p) ** 2)",
    after=(
        "def loss(y, p):\n    y = keras.ops.reshape(y, keras.ops.shape(p))\n"
        "    return keras.ops.mean((y - p) ** 2)"
    ),
    weigh=weigh,
    fires=(
        silent(
            "underfit",
            table(),
            table("target", shape=(32, 1)),
            predicted(0.0, 0.1),
            facts=OWN,
            autopsy={"crossed": (CROSSING,)},
        ),
        silent("loss_stuck", table(), FLAT, predicted(0.0, 0.1), facts=OWN, column_targets=CURED),
        silent(
            "underfit",
            table(),
            FLAT,
            predicted(0.0, 0.1),
            facts={"own_step": True},
            column_targets=CURED,
        ),
        silent(
            "loss_stuck",
            table(),
            table("target", shape=(32, 1)),
            predicted(0.0, 0.1),
            facts=OWN,
            as_it_is=Trial(True, False, 40, 1.0, 1.0),
            as_regression=Trial(True, True, 40, 1.0, 0.1),
        ),
        silent(
            "underfit",
            table(),
            table("target", shape=(32, 1)),
            predicted(0.0, 1.0, 8),
            facts=output_facts("linear", "MeanSquaredError", 8),
        ),
        silent(
            "underfit",
            table(),
            table("target", shape=(32, 1, 24)),
            predicted(0.0, 0.1, shape=(32, 24, 1)),
            facts=SQUARED,
        ),
        silent("underfit", table(), COLUMN, SEQUENCE, facts=SQUARED),
    ),
    quiet=(
        silent("underfit", table(), FLAT, predicted(0.0, 0.1), facts=OWN, autopsy={"crossed": ()}),
        silent(
            "underfit",
            table(),
            table("target", shape=(32, 24, 1)),
            predicted(0.0, 1.0, shape=(32, 24, 1)),
            facts=SQUARED,
        ),
        silent(
            "underfit",
            table(),
            FLAT,
            predicted(0.0, 0.1),
            facts=SQUARED,
        ),
        silent(
            "loss_stuck", table(), table("target", shape=(32, 1)), predicted(0.0, 0.1), facts=OWN
        ),
    ),
    symptoms=SYMPTOMS,
)
