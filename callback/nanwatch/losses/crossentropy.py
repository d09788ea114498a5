"""Losses of classes by their predicted probability."""

from __future__ import annotations

from nanwatch.losses.page import Correction, Hazard, LossPage, Parameter
from nanwatch.losses.shared import (
    CLASS_AXIS,
    CLIPPED,
    CLIPPED_BINARY,
    CLIPPED_HALF,
    FROM_LOGITS,
    LN_CLASSES,
    NAN_LABEL,
    NEGATIVE,
    SMOOTHING,
)

_DOUBLE = Correction(
    "A softmax (sigmoid) as the last layer together with from_logits=True",
    "Contradictory. Keras with TensorFlow notices it in fit, warns and uses the scores before the "
    "activation. Any layer behind the activation, such as Rescaling, hides it: the softmax is "
    "silently applied twice and the loss stays high.",
)

BINARY = LossPage(
    name="BinaryCrossentropy",
    title="Cross-entropy of yes or no, also for several independent ones",
    kind="Classification",
    function="binary_crossentropy",
    strings=("bce", "BCE", "binary_crossentropy", "BinaryCrossentropy"),
    formula="-mean(y_true * log(p) + (1 - y_true) * log(1 - p)), p clipped to [1e-7, 1 - 1e-7]",
    use="Two classes with one output unit, or several labels that may hold at once.",
    label="0 or 1 (or a probability between), one column a unit. Not -1/+1, not class numbers.",
    activation="sigmoid; none (linear) with from_logits=True",
    lowest=0.0,
    before=(
        "outputs = keras.layers.Dense(1)(features)  # raw scores\n"
        'model.compile("adam", loss="binary_crossentropy")'
    ),
    after=(
        "outputs = keras.layers.Dense(1)(features)\n"
        'model.compile("adam", loss=keras.losses.BinaryCrossentropy(from_logits=True))'
    ),
    parameters=(
        FROM_LOGITS,
        SMOOTHING,
        Parameter("axis", -1, "The axis over which the mean is taken."),
    ),
    hazards=(
        Hazard(
            "a label outside 0 to 1 (2, -1, 255)",
            "Finite, and negative without bound where the prediction agrees: -558 for label 255.",
            "Code the labels as 0 and 1: y = (y > 0).astype(int), images / 255.",
        ),
        Hazard(
            "a probability that is exactly wrong",
            "About 16 with a gradient of 0: the sample teaches nothing any more.",
            "Use from_logits=True without a sigmoid: its gradient never dies.",
        ),
        Hazard(
            "raw scores given as probabilities (no sigmoid, from_logits=False)",
            "Scores outside 0 to 1 are clipped: near 0 or 16.03, gradient 0.",
            "Add a sigmoid to the last layer, or set from_logits=True.",
        ),
        Hazard(
            "an infinite prediction",
            "Clipped and hidden. With from_logits=True: NaN for plus infinity, infinite for minus "
            "infinity where the label is 1.",
            "Clip the gradients, scale the inputs.",
        ),
        Hazard(
            "loss computed in float16",
            "1 - 1e-7 rounds to 1: NaN where label and prediction are both 1, infinite where the "
            "prediction is 1 and the label 0.",
            "Leave the loss in float32 (no dtype=...), and give the last layer dtype='float32'.",
        ),
        Hazard("a label is infinite", "NaN, infinite gradient.", "Drop the sample."),
        NAN_LABEL,
    ),
    signatures=(CLIPPED_BINARY, CLIPPED, NEGATIVE),
    corrections=(
        _DOUBLE,
        Correction(
            "The bare formula, with log(0) for a probability of 0",
            "Keras clips the probability, so float32 never gives infinity: 16.118 is the most.",
        ),
        Correction(
            "Examples of two classes with two columns of soft labels",
            "Each column is judged by itself: that is two independent labels, not two classes. "
            "For two classes use one column, or CategoricalCrossentropy.",
        ),
    ),
)

CATEGORICAL = LossPage(
    name="CategoricalCrossentropy",
    title="Cross-entropy of one class among several, one-hot labels",
    kind="Classification",
    function="categorical_crossentropy",
    strings=("categorical_crossentropy", "CategoricalCrossentropy"),
    other_names=("cce",),
    formula="-sum(y_true * log(p)), p divided by its sum and clipped to [1e-7, 1 - 1e-7]",
    use="One class among several, labels one-hot or soft. Class numbers: the sparse one.",
    label="One row a sample, one column a class: one-hot (keras.utils.to_categorical), or a "
    "distribution.",
    activation="softmax; none (linear) with from_logits=True",
    lowest=0.0,
    before=(
        'model.compile("adam", loss="categorical_crossentropy")\nmodel.fit(x, numbers)  # 0 to 9'
    ),
    after=(
        'model.compile("adam", loss="categorical_crossentropy")\n'
        "model.fit(x, keras.utils.to_categorical(numbers, 10))"
    ),
    parameters=(FROM_LOGITS, SMOOTHING, CLASS_AXIS),
    hazards=(
        Hazard(
            "a row of y_pred that sums to 0 (all zero, or 1 and -1), or holds an infinity",
            "NaN loss and NaN gradient: each row is divided by its sum.",
            "End the model in softmax, or set from_logits=True.",
        ),
        Hazard(
            "the true class has probability 0 or below; raw scores given as probabilities",
            "16.118 (float16: 15.945) with a gradient of 0.",
            "Use from_logits=True and no softmax.",
        ),
        Hazard(
            "one output column (softmax over one unit)",
            "The loss is about 0 from the start with a gradient of 0: it never learns. Keras warns "
            "with a SyntaxWarning.",
            "Use one unit with sigmoid and BinaryCrossentropy, or one unit a class.",
        ),
        Hazard(
            "class numbers as labels",
            "ValueError: target and output must have the same rank.",
            "Use SparseCategoricalCrossentropy, or keras.utils.to_categorical.",
        ),
        Hazard(
            "a row of y_true is all zero",
            "Loss 0 and gradient 0: the sample is ignored in silence.",
            "Check y.sum(axis=-1) == 1.",
        ),
        Hazard(
            "from_logits=True and a score of plus infinity, or all of a row minus infinity",
            "NaN. Minus infinity for the true class alone: infinite.",
            "Clip the gradients, scale the inputs.",
        ),
        Hazard(
            "from_logits=True and another class masked by minus infinity",
            "NaN (0 * infinity) with a finite gradient; the right value when compiled by XLA.",
            "Mask with a large finite number such as -1e9.",
        ),
        NAN_LABEL,
    ),
    signatures=(CLIPPED, CLIPPED_HALF, LN_CLASSES),
    corrections=(_DOUBLE,),
)

SPARSE = LossPage(
    name="SparseCategoricalCrossentropy",
    title="Cross-entropy of one class among several, class numbers as labels",
    kind="Classification",
    function="sparse_categorical_crossentropy",
    strings=("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"),
    other_names=("scce",),
    formula="-log(p[y_true]), p clipped to [1e-7, 1 - 1e-7] and divided by its sum",
    use="One class among several, labels as numbers. It saves the memory of one-hot labels.",
    label="A whole number from 0 to C - 1 for C output units, shape (N,) or (N, 1). Not 1 to C.",
    activation="softmax; none (linear) with from_logits=True",
    lowest=0.0,
    before=(
        'outputs = keras.layers.Dense(10, activation="softmax")(features)\n'
        "loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)\n"
        'model.compile("adam", loss=loss)\n'
        "model.fit(x, numbers)  # 1 to 10"
    ),
    after=(
        "outputs = keras.layers.Dense(10)(features)\n"
        "loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)\n"
        'model.compile("adam", loss=loss)\n'
        "model.fit(x, numbers - 1)"
    ),
    parameters=(
        FROM_LOGITS,
        Parameter("ignore_class", None, "A class number that does not count, such as -1 or 255."),
        CLASS_AXIS,
    ),
    hazards=(
        Hazard(
            "a label of C or more, below 0, or NaN",
            "On a CPU: InvalidArgumentError. Compiled by XLA (jit_compile=True, and the default "
            "with a GPU): NaN without a word, and after one update all weights are NaN.",
            "Check y.min() >= 0 and y.max() < C; subtract 1 from labels that begin at 1.",
        ),
        Hazard(
            "ignore_class is set and another invalid label occurs",
            "Only that very number is ignored; all others fail as above.",
            "Map every void label to the one number of ignore_class.",
        ),
        Hazard("a label with a fraction, such as 1.7", "Cut off to 1.", "Check the labels' dtype."),
        Hazard(
            "one-hot labels",
            "ValueError about the rank of the target.",
            "Use CategoricalCrossentropy, or y.argmax(axis=-1).",
        ),
        Hazard(
            "the true class has probability 0; raw scores given as probabilities",
            "16.118 (float16: 15.945), and no gradient passes a softmax.",
            "Use from_logits=True and no softmax.",
        ),
        Hazard(
            "a row of y_pred is all zero",
            "ln C with a gradient of 0.",
            "End the model in softmax.",
        ),
        Hazard(
            "an infinite probability",
            "Clipped and hidden. With from_logits=True: NaN for plus infinity, infinite for minus "
            "infinity on the true class; on another class it does no harm.",
            "Clip the gradients, scale the inputs.",
        ),
        Hazard(
            "dtype='float16' and labels above 2048, or 'bfloat16' and labels above 256",
            "The label is rounded to another class: the loss is high for right predictions.",
            "Leave the loss in float32 (no dtype=...).",
        ),
        Hazard(
            "the loss is saved by get_config and made again",
            "axis is lost: the copy has -1.",
            "Give axis again when the model is loaded, by compile().",
        ),
    ),
    signatures=(CLIPPED, CLIPPED_HALF, LN_CLASSES),
    corrections=(
        _DOUBLE,
        Correction(
            "-sum(log(y_pred) * y_true)",
            "y_true is an index here, not a row of weights: -log(y_pred[y_true]).",
        ),
        Correction(
            "The loss is called with Python lists.",
            "ValueError about the nested structure in Keras 3: give NumPy arrays or tensors.",
        ),
    ),
)

PAGES = (BINARY, CATEGORICAL, SPARSE)
