"""What a portrait tells of a network: its hidden layers, its kernels and how the gradient fares."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from nanwatch.diagnosis.case import Autopsy, Case
from nanwatch.diagnosis.looks import LayerLook, VariableLook

FLAT = frozenset({"sigmoid", "tanh", "hard_sigmoid", "hard_tanh", "softsign", "softmax"})
RECTIFIED = frozenset({"relu", "relu6"})
LINEAR_LAYERS = frozenset({"Dense", "Conv1D", "Conv2D", "Conv3D", "EinsumDense"})
CARRIERS = frozenset({"Dropout", "Flatten", "Reshape", "InputLayer", "Permute"})
"""Layers that leave a linear network linear."""
OUTER = frozenset({"Sequential", "Functional"})
NO_FACTORS = frozenset({"bias", "beta", "gamma", "embeddings"})
"""Variables that are added to a signal, scale it unit by unit, or are looked up."""
LARGE = 5.0
"""A kernel that begins larger than this, beside what keeps activations at their scale, is odd."""


def portraits(case: Case) -> Iterator[Autopsy]:
    """The batch with the weights of the beginning, where it is known, and with those of now."""
    if case.beginning is not None:
        yield case.beginning
    if case.autopsy is not None:
        yield case.autopsy


def first_portrait(case: Case) -> Autopsy | None:
    """The earliest portrait that there is."""
    return next(portraits(case), None)


def hidden(autopsy: Autopsy) -> list[LayerLook]:
    """The layers with an activation, but for the last one, which makes the output."""
    looks = [look for look in autopsy.layers if look.activation and look.kind not in OUTER]
    return looks[:-1]


def dead(autopsy: Autopsy) -> LayerLook | None:
    """The hidden relu with the largest share of units that are 0 for every row.

    One that is given nothing but 0 is not at fault itself.
    """
    looks = [look for look in hidden(autopsy) if look.activation in RECTIFIED]
    looks = [look for look in looks if look.input_largest != 0]
    known = [look for look in looks if not math.isnan(look.dead_share)]
    return max(known, key=lambda look: look.dead_share, default=None)


def saturated(autopsy: Autopsy) -> LayerLook | None:
    """The hidden tanh or sigmoid with the largest share of outputs where it is flat."""
    known = [look for look in hidden(autopsy) if not math.isnan(look.saturated_share)]
    return max(known, key=lambda look: look.saturated_share, default=None)


def linear_in_a_row(autopsy: Autopsy) -> list[LayerLook]:
    """Linear layers that are followed by a linear layer with nothing between that bends."""
    looks = [look for look in autopsy.layers if look.kind not in CARRIERS | OUTER]
    return [
        look
        for look, following in pairwise(looks)
        if look.activation == "linear"
        and {look.kind, following.kind} <= LINEAR_LAYERS
        and look.name != following.name
        and _feeds(autopsy, look, following)
    ]


def _feeds(autopsy: Autopsy, look: LayerLook, following: LayerLook) -> bool:
    """Whether a layer is given what another one made, as far as that is known.

    Heads beside each other are no row, nor is a layer after a function such as ops.relu.
    """
    carriers = {one.name: one.after for one in autopsy.layers if one.kind in CARRIERS}
    source = following.after
    while source in carriers:
        source = carriers.pop(source)
    return source in (look.name, None)


def kernels(autopsy: Autopsy) -> list[VariableLook]:
    """The variables that multiply what comes from the layer before, in the network's order."""
    return [look for look in autopsy.variables if look.name.endswith("kernel") and look.size > 1]


def kept(look: VariableLook) -> float:
    """How much of its memory a plain recurrence keeps from step to step, at most about 1.

    The root of the mean square of its singular values; 1 for any other variable, gated cells too.
    """
    units = math.isqrt(look.size)
    if not look.name.endswith("recurrent_kernel") or units * units != look.size:
        return 1.0
    return min(1.0, look.norm / math.sqrt(units))


def alike(autopsy: Autopsy) -> list[VariableLook]:
    """The kernels of one value throughout, but for the last: its units differ by what they get."""
    return [look for look in kernels(autopsy)[:-1] if look.constant]


def slope(look: VariableLook) -> float:
    """The gradient of one weight: the root of the mean square."""
    return look.gradient_norm / math.sqrt(look.size)


def fading(autopsy: Autopsy) -> float:
    """The gradient of the first kernel over the last one's; NaN with fewer than three kernels."""
    slopes = [slope(look) for look in kernels(autopsy) if look.connected]
    if len(slopes) < 3 or not slopes[-1] > 0:
        return math.nan
    return slopes[0] / slopes[-1]


def spreads(autopsy: Autopsy) -> list[tuple[VariableLook, float]]:
    """Every kernel with its size beside what keeps activations at their scale, about 1."""
    return _spreads(autopsy, kernels(autopsy))


def oversized(autopsy: Autopsy | None) -> list[tuple[VariableLook, float]]:
    """The factors of the signal that begin too large, with their size as in `spreads`.

    The user's own layers call theirs as they like: what is no kernel by its name counts where its
    layer makes the signal larger.
    """
    if autopsy is None:
        return []
    growing = {look.name for look in autopsy.layers if look.largest > LARGE * look.input_largest}
    own = [
        look
        for look in autopsy.variables
        if look.layer in growing and look.name.rpartition("/")[2] not in NO_FACTORS
    ]
    looks = {look.name: look for look in (*kernels(autopsy), *own)}
    return [pair for pair in _spreads(autopsy, list(looks.values())) if pair[1] > LARGE]


def loud_tables(autopsy: Autopsy) -> list[tuple[VariableLook, float]]:
    """Tables of embeddings that begin far above the scale of 1, with the size of their entries."""
    tables = [look for look in autopsy.variables if look.name.endswith("embeddings") and look.size]
    sized = [(look, look.norm / math.sqrt(look.size)) for look in tables]
    return [pair for pair in sized if pair[1] > LARGE]


def _spreads(autopsy: Autopsy, looks: list[VariableLook]) -> list[tuple[VariableLook, float]]:
    """The root of the mean square of each weight, times that of how many are summed up."""
    units = {look.name: look.units for look in autopsy.layers}
    return [
        (look, look.norm / math.sqrt(look.size) * math.sqrt(look.size / units[look.layer]))
        for look in looks
        if units.get(look.layer, look.size) < look.size
    ]
