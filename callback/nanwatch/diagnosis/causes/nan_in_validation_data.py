"""Only the validation data hold NaN or infinity."""

from __future__ import annotations

import math
from dataclasses import replace

from nanwatch.diagnosis import clues, words
from nanwatch.diagnosis.bad_cells import ROLE_WORDS, where
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import failed, table
from nanwatch.diagnosis.looks import ArrayLook
from nanwatch.events import Fix, Symptom

SYMPTOMS: frozenset[Symptom] = frozenset({"nan_val_only"})
FIXES = {
    "input": "good = np.isfinite(x_val).all(axis=1)",
    "target": "good = np.isfinite(y_val).reshape(len(y_val), -1).all(axis=1)",
    "sample_weight": "good = np.isfinite(weight_val)",
}

HIDDEN = (
    " That loss is a number only because the compiled graph takes NaN for 0 where it joins a layer "
    "and its activation into one operation."
)
FUSED = Clue(
    0.5,
    "predictions for these rows",
    "finite in the graph, NaN without it",
    "finite",
    healthy=False,
)


def weigh(case: Case) -> Testimony | None:
    """Bad cells in the validation batch whose loss was not finite."""
    look = next((look for look in case.validation if not look.finite), None)
    if look is None:
        return None
    kind = "NaN" if look.n_nan else "infinity"
    found = [clues.bad_cells(look, look.n_nan + look.n_inf, kind), _training_finite(case)]
    if not _hidden(case):
        return Testimony(_summary(look, kind), found, _fix(look), where(look))
    return Testimony(_summary(look, kind) + HIDDEN, [*found, FUSED], _fix(look), where(look))


def _training_finite(case: Case) -> Clue:
    finite = all(look.finite for look in case.data)
    seen = ("all finite" if finite else "not all finite") if case.data else "not looked at"
    return Clue(0.5 if finite and case.data else 0.0, "cells of the training data", seen, "finite")


def _hidden(case: Case) -> bool:
    """Whether the validation loss is finite though the predictions by themselves are not."""
    autopsy = case.autopsy
    return bool(autopsy and math.isfinite(autopsy.loss) and not autopsy.predictions_finite)


def _summary(look: ArrayLook, kind: str) -> str:
    what = ROLE_WORDS.get(look.role, "arrays")
    columns = f", {words.columns(look)}" if look.columns else ""
    return (
        f"The {what} of the validation data hold {kind}: {words.places('row', look.rows)}"
        f"{columns}. The training data are fine, so the model is; its validation loss means "
        "nothing, and whatever waits for it - early stopping, checkpoints - waits in vain."
    )


def _fix(look: ArrayLook) -> Fix:
    text = "Drop these rows from the validation data, or fill them in as in the training data."
    code = "model.fit(x, y, validation_data=(x_val[good], y_val[good]))"
    return Fix(text, f"{FIXES.get(look.role, FIXES['input'])}\n{code}")


BAD = table(n_nan=2, rows=(3, 8), columns=(1,))

PAGE = CausePage(
    label="nan_in_validation_data",
    title="NaN in the validation data",
    why=(
        "The missing values were dropped or filled in where the training data were prepared, but "
        "not in the validation data. The training is sound; the validation loss is NaN, and a "
        "callback that watches it stops nothing and saves nothing. On a CPU it may be finite all "
        "the same: a compiled graph can take NaN for 0."
    ),
    remedy="Prepare the validation data by the same code as the training data.",
    before="x = x[np.isfinite(x).all(axis=1)]\nmodel.fit(x, y, validation_data=(x_val, y_val))",
    after=("x, x_val = clean(x), clean(x_val)\nmodel.fit(x, y, validation_data=(x_val, y_val))"),
    weigh=weigh,
    fires=(
        replace(failed(), symptom="nan_val_only", validation=(BAD, table("target")), autopsy=None),
        replace(
            failed(),
            symptom="nan_val_only",
            validation=(table(), table("target", n_inf=1, rows=(0,))),
            data=(table(), table("target")),
            autopsy=None,
        ),
        replace(
            failed(autopsy={"predictions_finite": False, "loss": 0.69}),
            symptom="nan_val_only",
            validation=(BAD, table("target")),
        ),
    ),
    quiet=(
        replace(failed(), symptom="nan_val_only", validation=(table(), table("target"))),
        replace(failed(), symptom="nan_val_only"),
        failed(BAD, table("target")),
    ),
    symptoms=SYMPTOMS,
)
