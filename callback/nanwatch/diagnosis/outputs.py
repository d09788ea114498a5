"""What each output of a model is: its last activation, its loss, its target and prediction.

The facts say how the output was made, the looks what went in and came out; here both meet.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.looks import ArrayLook
from nanwatch.losses import find

PROBABILITIES = ("sigmoid", "softmax", "hard_sigmoid")
RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(PROBABILITIES, (0.0, 1.0)),
    **dict.fromkeys(("tanh", "softsign", "hard_tanh"), (-1.0, 1.0)),
    **dict.fromkeys(("relu", "softplus", "exponential"), (0.0, math.inf)),
    "relu6": (0.0, 6.0),
    "log_softmax": (-math.inf, 0.0),
    **dict.fromkeys(("elu", "selu", "gelu", "silu", "swish", "mish"), (-2.0, math.inf)),
}
"""Between which values an activation lies; others are unbounded, or not known."""

BINARY = ("BinaryCrossentropy", "BinaryFocalCrossentropy")
CATEGORICAL = ("CategoricalCrossentropy", "CategoricalFocalCrossentropy")
SPARSE = ("SparseCategoricalCrossentropy",)
CROSSENTROPIES = (*BINARY, *CATEGORICAL, *SPARSE)
ERRORS = ("MeanSquaredError", "MeanAbsoluteError", "Huber", "LogCosh")
RELATIVE = ("MeanAbsolutePercentageError", "MeanSquaredLogarithmicError")
HINGES = ("Hinge", "SquaredHinge")


@dataclass(frozen=True)
class Output:
    """One output of a model.

    Attributes:
        name: the output's name, "" when it has none.
        layer: the layer that computes it, "" when it cannot be told.
        activation: the activation in effect: "linear" for none, "" when it cannot be told.
        fed_by: the activation below one that is a layer of its own, or "".
        behind: classes of the layers between the activation and the output.
        rescaled: whether one of those changes the range.
        units: the size of the last axis, None when it is not known.
        rank: how many axes it has, that of the rows included; None when it is not known.
        loss: the loss's class in `keras.losses`, "" without one; another name for an own one.
        custom: whether the loss is the user's own.
        settings: the loss's arguments.
        target, prediction: what they look like in the batch at hand, None when not known.
    """

    name: str = ""
    layer: str = ""
    activation: str = ""
    fed_by: str = ""
    behind: tuple[str, ...] = ()
    rescaled: bool = False
    units: int | None = None
    loss: str = ""
    custom: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    target: ArrayLook | None = None
    prediction: ArrayLook | None = None
    rank: int | None = None

    @property
    def from_logits(self) -> bool:
        """Whether the loss takes the output for raw scores."""
        return bool(self.settings.get("from_logits"))

    @property
    def range(self) -> tuple[float, float]:
        """Between which values the output lies by its activation."""
        unknown = (-math.inf, math.inf)
        return unknown if self.rescaled else RANGES.get(self.activation, unknown)

    @property
    def place(self) -> dict[str, str]:
        """Where to look: the output and the layer, as far as they have names."""
        named = {"output": self.name, "layer": self.layer}
        return {key: value for key, value in named.items() if value}

    @property
    def words(self) -> str:
        """The last layer in words: "softmax of layer dense_1"."""
        activation = {"linear": "no activation", "": "unknown activation"}.get(self.activation)
        activation = activation or self.activation
        return f"{activation} of layer {self.layer}" if self.layer else activation

    @property
    def call(self) -> str:
        """The loss as it stands in code."""
        given = {k: v for k, v in self.settings.items() if k == "from_logits" and v}
        inner = ", ".join(f"{name}={value}" for name, value in given.items())
        return f"keras.losses.{self.loss}({inner})" if not self.custom else self.loss


def outputs(case: Case) -> list[Output]:
    """Every output of the model that has a loss, as far as it is known."""
    told: Sequence[Mapping[str, Any]] = case.facts.get("outputs") or ()
    if not told:
        losses: Sequence[Mapping[str, Any]] = case.facts.get("loss") or ()
        told = [{"name": str(loss.get("output") or ""), "loss": loss} for loss in losses]
    targets, predictions = case.arrays("target"), case.predictions
    return [
        _output(one, _at(targets, at, one, len(told)), _at(predictions, at, one, len(told)))
        for at, one in enumerate(told)
        if one.get("loss")
    ]


def _at(
    looks: Sequence[ArrayLook], at: int, one: Mapping[str, Any], count: int
) -> ArrayLook | None:
    """The look that belongs to an output: by its name, else by its position."""
    named = next((look for look in looks if look.name == one.get("name")), None)
    return named or (looks[at] if len(looks) == count else None)


def _output(
    one: Mapping[str, Any], target: ArrayLook | None, prediction: ArrayLook | None
) -> Output:
    loss = one["loss"]
    name = str(loss.get("class", ""))
    page = None if loss.get("custom") else find(name)
    units = one.get("units")
    if prediction is None and "low" in one:
        prediction = ArrayLook("prediction", "", (), "", low=one["low"], high=one["high"])
    return Output(
        str(one.get("name") or ""),
        str(one.get("layer") or ""),
        str(one.get("activation") or ""),
        str(one.get("fed_by") or ""),
        tuple(one.get("behind") or ()),
        bool(one.get("rescaled")),
        units if isinstance(units, int) else width(prediction) if prediction else None,
        page.name if page else name,
        bool(loss.get("custom")),
        loss.get("config") or {},
        target,
        prediction,
        one.get("rank"),
    )


def width(look: ArrayLook) -> int:
    """The size of the last axis; 1 for an array of single numbers."""
    return look.shape[-1] if len(look.shape) > 1 else 1
