"""Losses that weigh the easy and the doubtful samples of a classification down."""

from __future__ import annotations

from nanwatch.losses.page import Correction, Hazard, LossPage, Parameter, Signature
from nanwatch.losses.shared import (
    ALPHA,
    CLASS_AXIS,
    CLIPPED,
    FROM_LOGITS,
    GAMMA,
    NAN_LABEL,
    NEGATIVE,
    SMOOTHING,
)

_ADDONS = Correction(
    "The focal loss comes from tensorflow_addons.",
    "That package ended in 2024 and fits Keras 2 only. Keras 3 has its own.",
)

BINARY = LossPage(
    name="BinaryFocalCrossentropy",
    title="Binary cross-entropy that plays easy samples down",
    kind="Classification",
    function="binary_focal_crossentropy",
    strings=("binary_focal_crossentropy", "BinaryFocalCrossentropy"),
    other_names=("SigmoidFocalCrossEntropy", "focal"),
    formula="mean((1 - p_t)**gamma * binary_crossentropy(y_true, p)), p_t = the probability given "
    "to the true label",
    use="Rare positives: object detection, fraud. An alternative: class_weight in fit.",
    label="0 or 1, one column a unit.",
    activation="sigmoid; none (linear) with from_logits=True",
    lowest=0.0,
    before=('loss = tfa.losses.SigmoidFocalCrossEntropy()\nmodel.compile("adam", loss=loss)'),
    after=(
        "loss = keras.losses.BinaryFocalCrossentropy(apply_class_balancing=True)\n"
        'model.compile("adam", loss=loss)'
    ),
    parameters=(
        Parameter("apply_class_balancing", False, "Whether alpha weighs the classes."),
        Parameter("alpha", 0.25, ALPHA),
        GAMMA,
        FROM_LOGITS,
        SMOOTHING,
        Parameter("axis", -1, "The axis over which the mean is taken."),
    ),
    hazards=(
        Hazard(
            "a prediction outside 0 to 1 (raw scores without from_logits=True)",
            "The factor grows with its square: finite, but 1.6e9 for a score of 1e4; NaN for an "
            "infinite one.",
            "Add a sigmoid, or set from_logits=True.",
        ),
        Hazard(
            "gamma below 1 and a prediction that is exactly right",
            "Loss 0, NaN gradient (the slope of a root at 0). Outside 0 to 1 the loss is NaN too.",
            "Use gamma of 1 or more, or 0.",
        ),
        Hazard(
            "a label outside 0 to 1 (2, -1, 255)",
            "Finite and far below 0: -2e7 for label 255.",
            "Code the labels as 0 and 1.",
        ),
        Hazard(
            "from_logits=True and an infinite score",
            "NaN for plus infinity; infinite with NaN gradient for minus infinity.",
            "Clip the gradients, scale the inputs.",
        ),
        Hazard(
            "loss computed in float16 and a prediction of 1",
            "NaN where the label is 1, infinite with NaN gradient where it is 0.",
            "Leave the loss in float32 (no dtype=...).",
        ),
        NAN_LABEL,
    ),
    signatures=(CLIPPED, NEGATIVE),
    corrections=(
        _ADDONS,
        Correction(
            "tfa's SigmoidFocalCrossEntropy gives .00010971 for label .97, prediction 1.",
            "With apply_class_balancing=True Keras gives .00011407: near, but not the same.",
        ),
    ),
)

CATEGORICAL = LossPage(
    name="CategoricalFocalCrossentropy",
    title="Categorical cross-entropy that plays easy samples down",
    kind="Classification",
    function="categorical_focal_crossentropy",
    strings=("categorical_focal_crossentropy", "CategoricalFocalCrossentropy"),
    formula="-sum(alpha * (1 - p)**gamma * y_true * log(p)), p divided by its sum and clipped",
    use="One class among several, some of them rare.",
    label="One-hot rows (keras.utils.to_categorical).",
    activation="softmax; none (linear) with from_logits=True",
    lowest=0.0,
    before=(
        "outputs = keras.layers.Dense(10)(features)  # raw scores\n"
        'model.compile("adam", loss="categorical_focal_crossentropy")'
    ),
    after=(
        'outputs = keras.layers.Dense(10, activation="softmax")(features)\n'
        'model.compile("adam", loss="categorical_focal_crossentropy")'
    ),
    parameters=(
        Parameter("alpha", 0.25, "The weight of all classes, or a list with one for each class."),
        GAMMA,
        FROM_LOGITS,
        SMOOTHING,
        CLASS_AXIS,
    ),
    hazards=(
        Hazard(
            "a row of y_pred that sums to 0, or holds an infinity",
            "NaN loss and NaN gradient: each row is divided by its sum.",
            "End the model in softmax, or set from_logits=True.",
        ),
        Hazard(
            "the true class has probability 0 or below",
            "4.03 with a gradient of 0.",
            "Use from_logits=True and no softmax.",
        ),
        Hazard(
            "from_logits=True and a score of plus infinity, or all of a row minus infinity",
            "NaN.",
            "Clip the gradients, scale the inputs.",
        ),
        NAN_LABEL,
    ),
    signatures=(
        Signature("4.03", "16.118 times alpha = 0.25: the plateau of probability 0.", 4.0295229),
    ),
    corrections=(_ADDONS,),
)

GENERALIZED = LossPage(
    name="CategoricalGeneralizedCrossEntropy",
    title="Cross-entropy that forgives some wrong labels",
    kind="Classification",
    function="categorical_generalized_cross_entropy",
    strings=(),
    other_names=("gce",),
    formula="(1 - p[y_true]**q) / q",
    use="One class among several when some labels are known to be wrong.",
    label="A whole number from 0 to C - 1, shape (N,). Not (N, 1).",
    activation="softmax (it has no from_logits)",
    lowest=0.0,
    before=(
        'model.compile("adam", loss="categorical_generalized_cross_entropy")\n'
        "model.fit(x, numbers.reshape(-1, 1))"
    ),
    after=(
        "loss = keras.losses.CategoricalGeneralizedCrossEntropy(q=0.5)\n"
        'model.compile("adam", loss=loss)\n'
        "model.fit(x, numbers)"
    ),
    parameters=(
        Parameter("q", 0.5, "Between 0 and 1. Towards 0: like cross-entropy; towards 1: like MAE."),
    ),
    hazards=(
        Hazard(
            "the true class has probability 0",
            "2.0 (1 / q): finite, with a NaN gradient (the slope of a root at 0). All weights are "
            "NaN after the next update.",
            "Keep the softmax from saturating: scale inputs, lower the learning rate.",
        ),
        Hazard(
            "a label of C or more, or below 0",
            "2.0 (1 / q) with a NaN gradient, and no error message.",
            "Check y.min() >= 0 and y.max() < C.",
        ),
        Hazard(
            "raw scores given as probabilities; an infinite prediction",
            "NaN: the root of a negative number.",
            "End the model in softmax.",
        ),
        Hazard(
            "labels in a column, shape (N, 1)",
            "Every row is compared with every label: a table of (N, N), whose mean learns how "
            "frequent the classes are, at best.",
            "y = y.reshape(-1).",
        ),
        Hazard(
            "one-hot labels",
            "Accepted without a word; the loss is of another problem.",
            "Use class numbers: y.argmax(axis=-1).",
        ),
        Hazard(
            "the loss given as a string",
            "ValueError: Keras does not know it by name.",
            "compile(loss=keras.losses.CategoricalGeneralizedCrossEntropy()).",
        ),
    ),
    signatures=(
        Signature("2.0", "1 / q: the true class has probability 0, or does not exist.", 2.0),
    ),
)

PAGES = (BINARY, CATEGORICAL, GENERALIZED)
