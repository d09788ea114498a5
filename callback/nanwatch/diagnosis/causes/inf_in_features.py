"""Infinity in the training inputs."""

from __future__ import annotations

from nanwatch.diagnosis.bad_cells import weigh_cells
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Testimony
from nanwatch.diagnosis.examples import failed, table, weights
from nanwatch.events import Fix

FIX = Fix(
    "Replace the infinities: they come from a division by zero, a log of zero or an overflow.",
    "x = np.where(np.isinf(x), np.nan, x)\ngood = np.isfinite(x).all(axis=1)\n"
    "model.fit(x[good], y[good])",
)


def weigh(case: Case) -> Testimony | None:
    """Infinite cells that reached the model out of a calm."""
    return weigh_cells(case, "input", "infinity", lambda look: look.n_inf, FIX)


PAGE = CausePage(
    label="inf_in_features",
    title="Infinity in the training inputs",
    why=(
        "A ratio with a zero below, the log of zero, or a float16 overflow writes infinity into "
        "the table. Infinities of both signs, added up, are NaN: so are the loss and all "
        "gradients."
    ),
    remedy="Guard the computation that makes the infinity, or drop the rows that hold it.",
    before="x = clicks / views\nmodel.fit(x, y)",
    after=(
        "x = np.divide(clicks, views, out=np.zeros_like(clicks), where=views > 0)\nmodel.fit(x, y)"
    ),
    weigh=weigh,
    fires=(
        failed(
            table(n_inf=1, rows=(7,), columns=(3,)),
            table("target"),
            autopsy={"predictions_finite": False},
        ),
    ),
    quiet=(
        failed(),
        failed(table(n_inf=1, rows=(7,)), autopsy={"variables": weights(finite=False)}),
    ),
)
