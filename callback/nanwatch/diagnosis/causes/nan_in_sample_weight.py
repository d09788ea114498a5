"""A sample weight (or class weight, which Keras merges into it) that is not finite."""

from __future__ import annotations

from nanwatch.diagnosis.bad_cells import weigh_cells
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Testimony
from nanwatch.diagnosis.examples import failed, table, weights
from nanwatch.diagnosis.weighting import bad_weight, class_weights
from nanwatch.events import Fix

FIX = Fix(
    "Make the weights finite: 1 / count is infinite for a class without samples, 0 / 0 is NaN.",
    "sample_weight = np.nan_to_num(sample_weight, nan=0.0, posinf=0.0)",
)


def weigh(case: Case) -> Testimony | None:
    """Weights that are NaN or infinite, and were not made so by the weight of a class."""
    by_class = bad_weight(class_weights(case), "class")
    if by_class is not None and by_class.fault == "not finite":
        return None
    kind = "NaN or infinity"
    return weigh_cells(case, "sample_weight", kind, lambda look: look.n_nan + look.n_inf, FIX)


PAGE = CausePage(
    label="nan_in_sample_weight",
    title="A sample weight that is not finite",
    why=(
        "The loss of a row is multiplied by its weight. A weight that is NaN or infinite makes the "
        "batch's loss non-finite, however small the row's own loss is."
    ),
    remedy="Compute weights from counts that are not zero, and check np.isfinite(weights).all().",
    before="weight = 1 / counts[y]\nmodel.fit(x, y, sample_weight=weight)",
    after="weight = 1 / np.maximum(counts[y], 1)\nmodel.fit(x, y, sample_weight=weight)",
    weigh=weigh,
    fires=(
        failed(table(), table("target"), table("sample_weight", n_nan=1, rows=(2,))),
        failed(table(), table("target"), table("sample_weight", n_inf=4, rows=(1, 2, 3, 4))),
    ),
    quiet=(
        failed(table(), table("target"), table("sample_weight")),
        failed(
            table(),
            table("sample_weight", n_nan=1, rows=(2,)),
            autopsy={"variables": weights(finite=False)},
        ),
        failed(
            table(),
            table("sample_weight", n_inf=1, rows=(2,)),
            facts={"class_weight": {"3": "inf"}},
        ),
    ),
)
