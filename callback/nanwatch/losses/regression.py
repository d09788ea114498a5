"""Losses of a free number: how far a prediction is from its target."""

from __future__ import annotations

from nanwatch.losses.page import Correction, Hazard, LossPage, Parameter, Signature
from nanwatch.losses.shared import NAN_LABEL

_LABEL = "A finite number, best scaled to about unit size."
_LINEAR = "linear (none)"

MSE = LossPage(
    name="MeanSquaredError",
    title="Mean of the squared errors",
    kind="Regression",
    function="mean_squared_error",
    strings=("mse", "MSE", "mean_squared_error", "MeanSquaredError"),
    formula="mean((y_true - y_pred)**2)",
    use=(
        "Regression whose errors are roughly normal. Squaring makes large errors count most, so "
        "outliers rule the fit: see MeanAbsoluteError, Huber and LogCosh."
    ),
    label=_LABEL,
    activation=_LINEAR,
    lowest=0.0,
    before=('model.compile("sgd", loss="mse")\nmodel.fit(x, prices)  # 50 000 to 900 000'),
    after=(
        "prices = (prices - prices.mean()) / prices.std()\n"
        'model.compile("sgd", loss="mse")\n'
        "model.fit(x, prices)"
    ),
    hazards=(
        Hazard(
            "an error above about 1.8e19 (float16: 256 or more)",
            "The square overflows: infinite loss while the gradient is still finite.",
            "Scale inputs and targets to about unit size; lower the learning rate or clip the "
            "gradients if the predictions ran away.",
        ),
        Hazard(
            "a prediction or a label is infinite",
            "Infinite loss and gradient; NaN when both are the same infinity.",
            "Find where the infinity comes from: np.isfinite(y).all().",
        ),
        NAN_LABEL,
    ),
    corrections=(
        Correction(
            "MSE = (sum(y_true - y_pred)^2) / n",
            "The square belongs inside the sum; otherwise errors of opposite sign cancel.",
        ),
    ),
)

MAE = LossPage(
    name="MeanAbsoluteError",
    title="Mean of the absolute errors",
    kind="Regression",
    function="mean_absolute_error",
    strings=("mae", "MAE", "mean_absolute_error", "MeanAbsoluteError"),
    formula="mean(abs(y_true - y_pred))",
    use="Regression with outliers: each error counts by its size only. It fits the median.",
    label=_LABEL,
    activation=_LINEAR,
    lowest=0.0,
    before='model.compile("adam", loss="mse")  # a few targets are far off',
    after='model.compile("adam", loss="mae")',
    hazards=(
        Hazard(
            "a prediction or a label is infinite",
            "Infinite loss with a finite gradient, so that the gradient norm looks healthy; NaN "
            "when both are the same infinity.",
            "Find where the infinity comes from: np.isfinite(y).all().",
        ),
        NAN_LABEL,
    ),
)

MAPE = LossPage(
    name="MeanAbsolutePercentageError",
    title="Mean of the errors in per cent of the target",
    kind="Regression",
    function="mean_absolute_percentage_error",
    strings=("mape", "MAPE", "mean_absolute_percentage_error", "MeanAbsolutePercentageError"),
    formula="100 * mean(abs((y_true - y_pred) / max(abs(y_true), 1e-7)))",
    use="Regression of targets well above 0, where the relative error is what matters.",
    label="A number well away from 0.",
    activation=_LINEAR,
    lowest=0.0,
    before=('model.compile("adam", loss="mape")\nmodel.fit(x, y)  # some targets are 0'),
    after=(
        'keep = np.abs(y) > 0.1\nmodel.compile("adam", loss="mape")\nmodel.fit(x[keep], y[keep])'
    ),
    hazards=(
        Hazard(
            "a label is 0",
            "The error is divided by 1e-7: an error of 1 makes a loss of 1e9 and a gradient as "
            "large. Both are finite, so no check for NaN sees them. float16: infinite.",
            "Drop or shift targets of 0, or use MeanAbsoluteError.",
        ),
        Hazard(
            "a label near 0, such as 0.001",
            "An error of 1 gives 100 000: this sample rules the batch. float16: infinite.",
            "Use MeanAbsoluteError, or train on the logarithm of the target.",
        ),
        Hazard("a label is infinite", "NaN.", "Drop the sample."),
        NAN_LABEL,
    ),
    signatures=(
        Signature("1e9 and its fractions", "A target of 0 in the batch: 1e9 / batch size.", 1e9),
    ),
    corrections=(
        Correction(
            "MAPE is robust to outliers.",
            "Not near 0: one target of 0 outweighs every other sample by a factor of 1e7.",
        ),
    ),
)

MSLE = LossPage(
    name="MeanSquaredLogarithmicError",
    title="Mean of the squared errors of the logarithms",
    kind="Regression",
    function="mean_squared_logarithmic_error",
    strings=("msle", "MSLE", "mean_squared_logarithmic_error", "MeanSquaredLogarithmicError"),
    formula="mean((log(max(y_true, 1e-7) + 1) - log(max(y_pred, 1e-7) + 1))**2)",
    use=(
        "Regression of targets above 0 that span orders of magnitude. Too small a prediction costs "
        "more than one that is as much too large."
    ),
    label="A number of 0 or more.",
    activation="one that gives positive numbers, such as softplus or exponential",
    lowest=0.0,
    before=(
        "outputs = keras.layers.Dense(1)(features)  # may begin below 0\n"
        'model.compile("adam", loss="msle")'
    ),
    after=(
        'outputs = keras.layers.Dense(1, activation="softplus")(features)\n'
        'model.compile("adam", loss="msle")'
    ),
    hazards=(
        Hazard(
            "a prediction of 0 or below",
            "Finite loss, but a gradient of exactly 0: the sample never learns. A model whose "
            "predictions all begin below 0 is stuck from the first step.",
            "End the model in softplus, or give the last layer a positive bias.",
        ),
        Hazard(
            "a prediction of minus infinity",
            "Hidden: it is clipped, and the loss is finite.",
            "Watch the predictions or the gradient norm, not this loss alone.",
        ),
        Hazard(
            "a prediction of plus infinity", "Infinite loss, NaN gradient.", "Clip the gradients."
        ),
        Hazard("a label below 0", "Treated as 0, without a word.", "Use MeanAbsoluteError."),
        NAN_LABEL,
    ),
    corrections=(
        Correction(
            "MSLE penalises underestimates more and is robust to outliers.",
            "The first half is right. Large targets are indeed damped, negative ones are ignored.",
        ),
    ),
)

HUBER = LossPage(
    name="Huber",
    title="Squared for small errors, absolute for large ones",
    kind="Regression",
    function="huber",
    strings=("huber", "Huber"),
    other_names=("huber_loss", "HuberLoss"),
    formula="mean(where(abs(e) <= delta, e**2 / 2, delta * abs(e) - delta**2 / 2)), e = "
    "y_pred - y_true",
    use="Regression with some outliers: smooth near 0, yet no error counts by its square.",
    label=_LABEL,
    activation=_LINEAR,
    lowest=0.0,
    before='model.compile("adam", loss="huber_loss")',
    after='model.compile("adam", loss=keras.losses.Huber(delta=2.0))',
    parameters=(
        Parameter("delta", 1.0, "The error at which the loss turns from square to straight."),
    ),
    hazards=(
        Hazard(
            "a prediction or a label is infinite",
            "Infinite loss, NaN gradient: the branch that is not taken is infinite and is "
            "multiplied by 0.",
            "Find where the infinity comes from: np.isfinite(y).all().",
        ),
        Hazard(
            "an error of 32 800 or more, loss computed in float16",
            "Finite loss, NaN gradient, for the same reason.",
            "Leave the loss in float32 (no dtype=...), also under a mixed_float16 policy.",
        ),
        Hazard(
            "the loss is saved by get_config and made again",
            "delta is lost: the copy has 1.0.",
            "Give delta again when the model is loaded, by compile().",
        ),
        NAN_LABEL,
    ),
    corrections=(Correction('loss="huber_loss"', 'Refused by Keras 3. The string is "huber".'),),
)

LOG_COSH = LossPage(
    name="LogCosh",
    title="Logarithm of the hyperbolic cosine of the error",
    kind="Regression",
    function="log_cosh",
    strings=("log_cosh", "LogCosh"),
    other_names=("logcosh",),
    formula="mean(log(cosh(y_pred - y_true))), computed as e + softplus(-2 * e) - log(2)",
    use="Regression with some outliers, like Huber, without a threshold to choose.",
    label=_LABEL,
    activation=_LINEAR,
    lowest=0.0,
    before='model.compile("adam", loss="logcosh")',
    after='model.compile("adam", loss="log_cosh")',
    hazards=(
        Hazard(
            "a prediction below its label by more than 1.7e38 (float16: 32 800)",
            "Infinite loss, although the same error upwards is finite: -2 * e overflows.",
            "Scale the targets; leave the loss in float32.",
        ),
        Hazard(
            "a prediction of minus infinity", "NaN; plus infinity: infinite.", "Clip the gradients."
        ),
        NAN_LABEL,
    ),
    corrections=(Correction('loss="logcosh"', 'Refused by Keras 3. The string is "log_cosh".'),),
)

PAGES = (MSE, MAE, MAPE, MSLE, HUBER, LOG_COSH)
