"""NaN in the training targets."""

from __future__ import annotations

from nanwatch.diagnosis.bad_cells import weigh_cells
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Testimony
from nanwatch.diagnosis.examples import failed, table, weights
from nanwatch.events import Fix

FIX = Fix(
    "Drop the rows whose target is missing. A sample weight of 0 does not help: 0 × NaN is NaN.",
    "good = np.isfinite(y).reshape(len(y), -1).all(axis=1)\nmodel.fit(x[good], y[good])",
)


def weigh(case: Case) -> Testimony | None:
    """NaN targets under predictions that are finite."""
    return weigh_cells(case, "target", "NaN", lambda look: look.n_nan, FIX)


PAGE = CausePage(
    label="nan_in_labels",
    title="NaN in the training targets",
    why=(
        "The loss compares the prediction with a target that is missing. The result is NaN, "
        "however good the prediction, and its gradient spoils every weight."
    ),
    remedy="Drop the rows without a target. Masking them with a sample weight of 0 does not help.",
    before="model.fit(x, y)",
    after="known = ~np.isnan(y)\nmodel.fit(x[known], y[known])",
    weigh=weigh,
    fires=(failed(table(), table("target", n_nan=1, rows=(5,), columns=(0,))),),
    quiet=(
        failed(),
        failed(
            table(),
            table("target", n_nan=1, rows=(5,)),
            autopsy={"variables": weights(finite=False)},
        ),
    ),
)
