"""Losses of overlap between two masks."""

from __future__ import annotations

from nanwatch.losses.page import Correction, Hazard, LossPage, Parameter, Signature

_AXIS = Parameter(
    "axis", None, "The axes of one mask. None: the whole batch is one mask, a single number."
)
_LABEL = "A mask of 0 and 1, of the shape of y_pred."
_ACTIVATION = "sigmoid (or softmax over classes)"
_HAZARDS = (
    Hazard(
        "raw scores or negative predictions",
        "Unbounded: -2e7 with a gradient of 2e14 when the sums of both masks cancel.",
        "End the model in sigmoid. This loss has no from_logits.",
    ),
    Hazard(
        "both masks are empty",
        "1, the worst value, with a gradient of 0, although the prediction is right. float16: NaN "
        "gradient, because 1e-7 added to the sums is lost.",
        "Leave axis at None, so that an empty mask is summed with others; leave the loss in "
        "float32.",
    ),
    Hazard(
        "a label of 255 (a mask that was not divided)",
        "Below 0 for good predictions, and everything looks well overlapped.",
        "Masks are 0 or 1: y = (y > 127).astype('float32').",
    ),
    Hazard("an infinite prediction", "NaN loss and NaN gradient.", "Clip the gradients."),
    Hazard("an empty batch", "1, no error.", "Drop empty batches from the stream."),
)
_EMPTY = Signature("1, flat", "No overlap at all, or both masks empty. The gradient is 0.", 1.0)
_NEGATIVE = Signature("below 0", "Impossible with masks of 0 and 1 and predictions between.")

DICE = LossPage(
    name="Dice",
    title="1 - overlap of two masks, as Dice counts it",
    kind="Masks",
    function="dice",
    strings=("dice", "Dice"),
    formula="1 - 2 * sum(y_true * y_pred) / (sum(y_true) + sum(y_pred) + 1e-7)",
    use="Segmentation in which the object is small against the background.",
    label=_LABEL,
    activation=_ACTIVATION,
    lowest=0.0,
    before=('model.compile("adam", loss="dice")\nmodel.fit(images, masks)  # 0 and 255'),
    after=(
        'model.compile("adam", loss="dice")\nmodel.fit(images, (masks > 127).astype("float32"))'
    ),
    parameters=(_AXIS,),
    hazards=_HAZARDS,
    signatures=(_EMPTY, _NEGATIVE),
)

TVERSKY = LossPage(
    name="Tversky",
    title="1 - overlap of two masks, misses and false alarms weighed apart",
    kind="Masks",
    function="tversky",
    strings=("tversky", "Tversky"),
    formula="1 - both / (both + alpha * missed + beta * false_alarms + 1e-7), both = "
    "sum(y_true * y_pred), missed = sum(y_true * (1 - y_pred)), false_alarms = "
    "sum((1 - y_true) * y_pred)",
    use="As Dice, when missing the object is worse than a false alarm, or the other way round.",
    label=_LABEL,
    activation=_ACTIVATION,
    lowest=0.0,
    before=("# misses should cost more\nloss = keras.losses.Tversky(alpha=0.3, beta=0.7)"),
    after=("# misses should cost more\nloss = keras.losses.Tversky(alpha=0.7, beta=0.3)"),
    parameters=(
        Parameter("alpha", 0.5, "The weight of what was missed (false negatives)."),
        Parameter("beta", 0.5, "The weight of false alarms (false positives)."),
        _AXIS,
    ),
    hazards=_HAZARDS,
    signatures=(_EMPTY, _NEGATIVE),
    corrections=(
        Correction(
            "Keras' docstring: alpha controls false positives, beta false negatives.",
            "The code of Keras 3.15 has it the other way round: alpha weighs what was missed.",
        ),
    ),
)

PAGES = (DICE, TVERSKY)
