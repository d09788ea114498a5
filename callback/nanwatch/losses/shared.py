"""What several pages of the catalogue say in the same words."""

from __future__ import annotations

from nanwatch.losses.page import Hazard, Parameter, Signature

NAN_LABEL = Hazard(
    "a label (y_true) is NaN",
    "NaN loss and NaN gradient. A sample weight of 0 on that sample does not help: 0 * NaN is NaN.",
    "Drop the sample before training, or replace its label by any finite value and give it the "
    "sample weight 0.",
)

FROM_LOGITS = Parameter(
    "from_logits",
    False,
    "True: y_pred are raw scores and the loss applies the sigmoid or softmax itself, which is "
    "numerically safer. False: y_pred are probabilities.",
)
SMOOTHING = Parameter(
    "label_smoothing",
    0.0,
    "Between 0 and 1: how far the labels are moved towards the even distribution.",
)
CLASS_AXIS = Parameter("axis", -1, "The axis of the classes.")
ALPHA = "The weight of class 1 (class 0 gets 1 - alpha); used with apply_class_balancing only."
GAMMA = Parameter("gamma", 2.0, "How strongly well-classified samples are played down. 0: not.")

CLIPPED = Signature(
    "16.118",
    "-ln(1e-7): the probability of the true class is 0 or below, and was clipped. The gradient is "
    "0 there, so the sample teaches nothing.",
    16.118095,
)
CLIPPED_HALF = Signature("15.945", "The same plateau, computed in float16.", 15.9453125)
CLIPPED_BINARY = Signature(
    "16.03",
    "The mean of the two plateaus of binary cross-entropy, 16.118 (label 1) and 15.942 (label 0): "
    "all predictions are exactly wrong, or raw scores were given as probabilities.",
    16.030239,
)
LN_CLASSES = Signature(
    "ln C, flat",
    "Every class is thought equally likely (0.693 for 2 classes, 2.303 for 10): nothing has been "
    "learnt, or the rows of y_pred are all zero.",
)
NEGATIVE = Signature(
    "below 0",
    "Impossible with labels as this loss wants them: they are coded for another loss.",
)
