"""NaN in the training inputs."""

from __future__ import annotations

from nanwatch.diagnosis import clues
from nanwatch.diagnosis.bad_cells import weigh_cells
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import failed, table, weights
from nanwatch.diagnosis.looks import LayerLook
from nanwatch.events import Fix

FIX = Fix(
    "Drop the rows with missing values, or fill them in, before training.",
    "good = np.isfinite(x).all(axis=1)\nmodel.fit(x[good], y[good])",
)

FIX_ADAPTED = Fix(
    "Adapt the normalisation to rows without missing values, and drop those rows from training.",
    "good = np.isfinite(x).all(axis=1)\nnormalize.adapt(x[good])\nmodel.fit(x[good], y[good])",
)


def weigh(case: Case) -> Testimony | None:
    """NaN cells that reached the model out of a calm, in this batch or by way of statistics."""
    return weigh_cells(case, "input", "NaN", lambda look: look.n_nan, FIX) or _adapted(case)


def _adapted(case: Case) -> Testimony | None:
    """A Normalization layer that makes NaN of finite rows has learnt it from the data set."""
    born = case.autopsy.born_in if case.autopsy else None
    if born is None or born.kind != "Normalization":
        return None
    summary = (
        f"The layer {born.name} turns finite rows into NaN: it was adapted to data that hold NaN, "
        "so its mean and variance are NaN themselves."
    )
    found = [
        Clue(5.0, "first layer whose output is not finite", born.name, "none"),
        clues.weights_were_finite(case),
        clues.calm(case),
    ]
    return Testimony(summary, found, FIX_ADAPTED, {"layer": born.name})


PAGE = CausePage(
    label="nan_in_features",
    title="NaN in the training inputs",
    why=(
        "A missing value is read as NaN. Every sum that it enters is NaN: the layer's output, the "
        "loss of the batch, and through the mean the gradient of every weight. One update later "
        "all weights are NaN and stay so."
    ),
    remedy="Find the missing values and drop or impute them. Check with np.isnan(x).sum().",
    before='x = table[["bill_length_mm", "body_mass_g"]].to_numpy()\nmodel.fit(x, y)',
    after=(
        'table = table.dropna(subset=["bill_length_mm", "body_mass_g"])\n'
        'x = table[["bill_length_mm", "body_mass_g"]].to_numpy()\nmodel.fit(x, y)'
    ),
    weigh=weigh,
    fires=(
        failed(
            table(n_nan=2, rows=(3,), columns=(0, 1)),
            table("target"),
            autopsy={"predictions_finite": False},
        ),
        failed(
            table(n_nan=1, rows=(0,), columns=(2,)),
            table("target"),
            losses=(),
            autopsy={"predictions_finite": False, "variables": weights(gradient_finite=False)},
        ),
        failed(
            losses=(),
            autopsy={
                "predictions_finite": False,
                "layers": (LayerLook("normalize", "Normalization", True, False, 0.0),),
            },
        ),
    ),
    quiet=(
        failed(),
        failed(table(), table("target", n_nan=1, rows=(3,), columns=(0,))),
        failed(table(n_nan=2, rows=(3,)), autopsy={"variables": weights(finite=False)}),
    ),
)
