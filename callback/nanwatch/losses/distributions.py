"""Losses between distributions, and of counts."""

from __future__ import annotations

from nanwatch.losses.page import Correction, Hazard, LossPage, Signature
from nanwatch.losses.shared import CLIPPED, NAN_LABEL

POISSON = LossPage(
    name="Poisson",
    title="Negative log-likelihood of counts",
    kind="Counts and distributions",
    function="poisson",
    strings=("poisson", "Poisson"),
    formula="mean(y_pred - y_true * log(y_pred + 1e-7))",
    use="Counts, such as calls an hour: y_pred is the expected number.",
    label="A count: a number of 0 or more.",
    activation="one that gives positive numbers, such as softplus or exponential",
    lowest=None,
    before=(
        'outputs = keras.layers.Dense(1, activation="relu")(features)\n'
        'model.compile("adam", loss="poisson")'
    ),
    after=(
        'outputs = keras.layers.Dense(1, activation="softplus")(features)\n'
        'model.compile("adam", loss="poisson")'
    ),
    hazards=(
        Hazard(
            "a prediction below 0",
            "NaN loss, also where the label is 0, while the gradient stays finite: the weights "
            "remain finite and the loss is NaN. At -1e-7 exactly it is infinite.",
            "End the model in softplus or exponential.",
        ),
        Hazard(
            "a prediction of 0 where the label is not",
            "16.1 times the label, and a gradient of 1e7 times the label: the next step throws the "
            "weights away. float16: infinite gradient, NaN where the label is 0 too.",
            "End the model in softplus rather than relu; clip the gradients.",
        ),
        Hazard(
            "a prediction or a label is infinite",
            "NaN; minus infinity for an infinite label.",
            "Scale inputs; bound the last layer before an exponential.",
        ),
        NAN_LABEL,
    ),
    signatures=(
        Signature("16.118 per count", "Predictions of exactly 0, as a relu gives.", 16.118095),
        Signature("below 0", "Normal here: y - y * log(y) is negative for counts above 2."),
    ),
)

KL = LossPage(
    name="KLDivergence",
    title="How far one distribution is from another",
    kind="Counts and distributions",
    function="kl_divergence",
    strings=("kld", "KLD", "kl_divergence", "KLDivergence"),
    other_names=("kullback_leibler_divergence", "KullbackLeiblerDivergence"),
    formula="sum(y_true * log(y_true / y_pred)), both clipped to [1e-7, 1]",
    use=(
        "Whole distributions as targets: teacher and student, soft labels. In a variational "
        "autoencoder the divergence from the normal distribution is a formula of its own."
    ),
    label="A distribution: numbers of 0 to 1 that sum to 1.",
    activation="softmax",
    lowest=0.0,
    before=(
        "outputs = keras.layers.Dense(10)(features)  # raw scores\n"
        'model.compile("adam", loss="kullback_leibler_divergence")'
    ),
    after=(
        'outputs = keras.layers.Dense(10, activation="softmax")(features)\n'
        'model.compile("adam", loss="kld")'
    ),
    hazards=(
        Hazard(
            "y_pred is 0 where y_true is 1; raw scores; rows of zeros",
            "16.118 with a gradient of 0: a silent plateau, not infinity.",
            "End the model in softmax. This loss has no from_logits.",
        ),
        Hazard(
            "infinite predictions",
            "Clipped and hidden: the loss is finite and the gradient 0.",
            "Watch the gradient norm, not this loss alone.",
        ),
        Hazard(
            "a row of y_true is all zero",
            "A few millionths below 0, and nothing to learn.",
            "Drop such rows.",
        ),
        Hazard(
            "rows that do not sum to 1",
            "The loss goes below 0 and pulls the predictions up to 1.",
            "Normalise the labels; end the model in softmax.",
        ),
        Hazard(
            "loss computed in float16, y_true or y_pred 0",
            "Infinite gradient where only y_true is 0, infinite loss where y_pred is.",
            "Leave the loss in float32 (no dtype=...).",
        ),
        NAN_LABEL,
    ),
    signatures=(CLIPPED,),
    corrections=(
        Correction(
            "sum(y_true * log(y_true / y_pred))",
            "Right, but Keras clips both first: y_true = 0 makes no NaN, y_pred = 0 no infinity.",
        ),
        Correction(
            'loss="kullback_leibler_divergence", or the class keras.losses.KLD',
            'Neither exists in Keras 3. The strings "kld", "KLD" and "kl_divergence" do.',
        ),
    ),
)

PAGES = (POISSON, KL)
