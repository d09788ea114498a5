"""Infinity in the training targets."""

from __future__ import annotations

from nanwatch.diagnosis.bad_cells import weigh_cells
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Testimony
from nanwatch.diagnosis.examples import failed, table, weights
from nanwatch.events import Fix

FIX = Fix(
    "Drop or repair the rows whose target is infinite; log targets often come from log(0).",
    "good = np.isfinite(y).reshape(len(y), -1).all(axis=1)\nmodel.fit(x[good], y[good])",
)


def weigh(case: Case) -> Testimony | None:
    """Infinite targets under predictions that are finite."""
    return weigh_cells(case, "target", "infinity", lambda look: look.n_inf, FIX)


PAGE = CausePage(
    label="inf_in_labels",
    title="Infinity in the training targets",
    why=(
        "The distance between any prediction and an infinite target is infinite. The loss becomes "
        "infinite, the gradient NaN, and one update spoils every weight."
    ),
    remedy="Repair the computation of the target, for instance log1p(y) in place of log(y).",
    before="y = np.log(counts)\nmodel.fit(x, y)",
    after="y = np.log1p(counts)\nmodel.fit(x, y)",
    weigh=weigh,
    fires=(failed(table(), table("target", n_inf=1, rows=(5,), columns=(0,))),),
    quiet=(
        failed(),
        failed(
            table(),
            table("target", n_inf=1, rows=(5,)),
            autopsy={"variables": weights(finite=False)},
        ),
    ),
)
