"""A loss of one's own, and what holds for every loss."""

from __future__ import annotations

from nanwatch.losses.page import Correction, Hazard, LossPage, Parameter, Signature

_OWN = (
    Hazard(
        "sqrt(mean(square)) or a norm, at a perfect fit",
        "Loss 0, NaN gradient: the slope of the root at 0 is infinite.",
        "ops.sqrt(ops.maximum(square, 1e-12)).",
    ),
    Hazard(
        "ops.where(p > 0, ops.log(p), 0.0) at p = 0",
        "Finite loss, NaN gradient: the branch not taken is differentiated too.",
        "Make the argument safe first: ops.log(ops.maximum(p, 1e-7)).",
    ),
    Hazard("-y * log(p) at p = 0 and y = 0", "NaN: 0 * infinity.", "Clip p before the logarithm."),
    Hazard(
        "a division by sum(y) where y is all zero",
        "NaN: 0 / 0.",
        "ops.divide_no_nan(total, count), or add a small number to the divisor.",
    ),
    Hazard(
        "exp(x) above x = 88.7; log(1 + exp(x))",
        "Infinite; log(1 + exp(x)) has a NaN gradient too.",
        "ops.softplus(x) and ops.logsumexp(x) do the same without overflow.",
    ),
)
_EVERY = (
    Hazard(
        "a prediction is NaN",
        "NaN. The gradient of MSLE, KLDivergence, the hinges and BinaryCrossentropy stays finite "
        "at that prediction; the weights become NaN all the same.",
        "The loss is not to blame: look at the data, the layers and the gradients.",
    ),
    Hazard(
        "outputs without columns, shape (N, 0), in a loss that takes a mean",
        "NaN. An empty batch gives an empty array, no error.",
        "Check the shapes: x.shape, y.shape.",
    ),
    Hazard(
        "all sample weights 0, or every sample masked",
        "0, not NaN, and nothing is learnt.",
        "Check the mask and the weights.",
    ),
    Hazard(
        "class_weight or sample_weight holds NaN or a negative number",
        "NaN makes the loss NaN; a negative weight is accepted and turns learning round.",
        "Weights are finite and 0 or more.",
    ),
    Hazard(
        "class_weight lacks a class or names an unknown one",
        "The missing class gets 1.0, the unknown one is ignored, both in silence.",
        "One entry for each class number.",
    ),
    Hazard(
        "the loss is built with dtype='float16'",
        "1e-7 rounds away and 65504 is the largest number: NaN on ordinary predictions.",
        "Leave dtype out: under a mixed_float16 policy Keras computes losses in float32.",
    ),
    Hazard(
        "y_true of shape (N,) and y_pred of shape (N, 1) in arithmetic of your own",
        "They broadcast to (N, N): finite, and learns the mean at best. Keras' own are safe.",
        "ops.squeeze(y_pred, -1), or reshape y_true.",
    ),
)

LOSS = LossPage(
    name="Loss",
    title="A loss of your own, and what holds for every loss",
    kind="Your own",
    function="",
    strings=(),
    other_names=("custom", "custom_loss", "custom_loss_function", "GIoULoss"),
    formula="fn(y_true, y_pred), one number a sample; Keras adds the weights and the reduction",
    use=(
        "When nothing in keras.losses fits, such as a weighted squared error: pass a function to "
        "compile(loss=...), or subclass Loss and write call(y_true, y_pred). compile() takes a "
        "string, a function or an object of a class; only the object has parameters."
    ),
    label="What the function makes of it, in the shape that it expects.",
    activation="what the function expects",
    lowest=None,
    before=("def loss(y_true, y_pred):\n    return -y_true * tf.math.log(y_pred)"),
    after=(
        "def loss(y_true, y_pred):\n"
        "    return -y_true * keras.ops.log(keras.ops.maximum(y_pred, 1e-7))"
    ),
    parameters=(
        Parameter(
            "reduction",
            "sum_over_batch_size",
            "How the samples become one number. sum_over_batch_size and mean: their mean; sum: it "
            "grows with the batch, and so does the gradient; "
            "mean_with_sample_weight: divided by the sum of the weights; none: not at all (in "
            "compile() it is averaged anyway).",
        ),
        Parameter("name", None, "The name in logs of several losses."),
        Parameter("dtype", None, "The type to compute in. None: float32, as a rule."),
    ),
    hazards=(*_OWN, *_EVERY),
    signatures=(
        Signature("0 with a gradient of 0", "Nothing is compared: masks, weights, empty pairs."),
    ),
    corrections=(
        Correction(
            "TensorFlow operations should be used.",
            "keras.ops works on every backend; tf operations fail on JAX and PyTorch.",
        ),
        Correction(
            "On a NaN loss the model will not update its weights.",
            "It will: one such step writes NaN into every weight. Only the loss scaling of "
            "mixed_float16 skips the step, and BatchNormalization's averages are NaN even then.",
        ),
        Correction(
            "loss_weights=[one a class] as a second way of weighing classes",
            "loss_weights weighs the outputs of a model: ValueError. Classes: class_weight in fit.",
        ),
        Correction(
            "The loss in the logs of on_batch_end is that of the batch.",
            "It is the mean since the epoch began, with the penalties of regularisers: a batch 100 "
            "times as bad, the thousandth, shows as 1.1 times.",
        ),
        Correction(
            "tfa.losses.GIoULoss for boxes",
            "tensorflow_addons ended in 2024. keras.losses has no loss for boxes: write your own.",
        ),
    ),
)

PAGES = (LOSS,)
