"""Losses that want the right side by a margin, as support vector machines do."""

from __future__ import annotations

from nanwatch.losses.page import Correction, Hazard, LossPage
from nanwatch.losses.shared import NAN_LABEL

_LABEL = "-1 or +1. Labels of 0 and 1 are converted, but only if all of the batch are 0 or 1."
_ACTIVATION = "linear (none) or tanh"
_CODING = Hazard(
    "labels other than -1/+1 or 0/1 (2, 255; or 0 and 1 mixed with -1)",
    "Finite and wrong: nothing is converted, and a label of 0 has no gradient.",
    "Code the labels as -1 and +1: y = 2 * (y > 0) - 1.",
)
_INFINITE_LABEL = Hazard(
    "a label is infinite", "Finite loss, NaN gradient.", "Find it: np.isfinite(y).all()."
)
_CONVERTED = Correction(
    "Labels should be -1 or 1.",
    "0 and 1 work too, as long as every label of every batch is 0 or 1.",
)

HINGE = LossPage(
    name="Hinge",
    title="Distance to the right side of the margin",
    kind="Margins",
    function="hinge",
    strings=("hinge", "Hinge"),
    formula="mean(max(1 - y_true * y_pred, 0))",
    use="Two classes by the widest margin; the scores are no probabilities.",
    label=_LABEL,
    activation=_ACTIVATION,
    lowest=0.0,
    before=(
        'outputs = keras.layers.Dense(1, activation="sigmoid")(features)\n'
        'model.compile("adam", loss="hinge")'
    ),
    after=('outputs = keras.layers.Dense(1)(features)\nmodel.compile("adam", loss="hinge")'),
    hazards=(_CODING, _INFINITE_LABEL, NAN_LABEL),
    corrections=(_CONVERTED,),
)

SQUARED_HINGE = LossPage(
    name="SquaredHinge",
    title="Squared distance to the right side of the margin",
    kind="Margins",
    function="squared_hinge",
    strings=("squared_hinge", "SquaredHinge"),
    formula="mean(max(1 - y_true * y_pred, 0)**2)",
    use="As Hinge, but smooth, and large violations count more.",
    label=_LABEL,
    activation=_ACTIVATION,
    lowest=0.0,
    before=('model.compile("adam", loss="squared_hinge")\nmodel.fit(x, y)  # labels 1 and 2'),
    after=('model.compile("adam", loss="squared_hinge")\nmodel.fit(x, 2 * (y == 2) - 1)'),
    hazards=(
        _CODING,
        Hazard(
            "a score of 256 or more on the wrong side, loss computed in float16",
            "The square overflows: infinite loss.",
            "Leave the loss in float32 (no dtype=...).",
        ),
        _INFINITE_LABEL,
        NAN_LABEL,
    ),
    corrections=(_CONVERTED,),
)

CATEGORICAL_HINGE = LossPage(
    name="CategoricalHinge",
    title="Margin between the right class and the best wrong one",
    kind="Margins",
    function="categorical_hinge",
    strings=("categorical_hinge", "CategoricalHinge"),
    formula="max(max((1 - y_true) * y_pred) - sum(y_true * y_pred) + 1, 0)",
    use="Several classes by the widest margin.",
    label="One-hot rows (keras.utils.to_categorical).",
    activation=_ACTIVATION,
    lowest=0.0,
    before=('model.compile("adam", loss="categorical_hinge")\nmodel.fit(x, numbers)  # 0 to 9'),
    after=(
        'model.compile("adam", loss="categorical_hinge")\n'
        "model.fit(x, keras.utils.to_categorical(numbers, 10))"
    ),
    hazards=(
        Hazard(
            "a label of 255 (an image that was not divided)",
            "Loss 0 and gradient 0 at once: nothing is learnt.",
            "One-hot labels are 0 or 1.",
        ),
        Hazard(
            "an infinite or NaN prediction",
            "NaN; compiled by XLA an infinite one may give 0 or infinity instead.",
            "Watch the gradient norm, not this loss alone.",
        ),
        Hazard(
            "an empty batch",
            "InvalidArgumentError: the maximum of nothing.",
            "Drop empty batches from the stream.",
        ),
        NAN_LABEL,
    ),
)

PAGES = (HINGE, SQUARED_HINGE, CATEGORICAL_HINGE)
