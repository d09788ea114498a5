"""Weights that should learn, but are frozen or cut off from the loss."""

from __future__ import annotations

from typing import Any

from nanwatch.diagnosis import network
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.looks import VariableLook
from nanwatch.diagnosis.silent import NOT_LEARNING
from nanwatch.diagnosis.silent_examples import idle, kernel, layer
from nanwatch.events import Fix

FREEZE = Fix(
    "Let the layers learn, and compile again: `trainable` counts at compile.",
    "layer.trainable = True\nmodel.compile(optimizer, loss)",
)
CUT = Fix(
    "Let the gradient through: no stop_gradient, rounding, argmax or NumPy between these weights "
    "and the loss.",
    "- x = keras.ops.stop_gradient(x)",
)
OWN_STATE = ("BatchNormalization", "Normalization", "SpectralNormalization")


def weigh(case: Case) -> Testimony | None:
    """Layers whose `trainable` is off, or variables that the loss does not depend on."""
    share, frozen = _frozen(case)
    cut = _cut(case)
    if not frozen and not cut:
        return None
    found = [_share(share, frozen), _cut_clue(case, cut)]
    layer_at = frozen[0] if frozen else cut[0].layer
    why = f"{layer_at} is frozen" if frozen else f"no gradient reaches {cut[0].name}"
    summary = f"{why[0].upper()}{why[1:]}: it stays as it began, whatever the loss says."
    fix, remedy = (FREEZE, "unfreeze") if frozen else (CUT, "")
    return Testimony(summary, found, fix, {"layer": layer_at}, remedy)


def _frozen(case: Case) -> tuple[float, list[str]]:
    """The share of all weights that is frozen by a flag, and the layers' names."""
    layers: list[dict[str, Any]] = (case.facts.get("model") or {}).get("layers") or []
    known = [one for one in layers if one.get("parameters") and one.get("class") not in OWN_STATE]
    frozen = [one for one in known if one.get("trainable") is False]
    total = sum(int(one["parameters"]) for one in known)
    share = sum(int(one["parameters"]) for one in frozen) / total if total else 0.0
    return min(1.0, share), [str(one.get("name", "")) for one in frozen]


def _cut(case: Case) -> list[VariableLook]:
    """Variables without any gradient, where no dead unit explains it."""
    portrait = case.autopsy
    if portrait is None:
        return []
    dead = network.dead(portrait)
    explained = dead is not None and dead.dead_share > 0.9
    return [
        look
        for look in portrait.variables
        if not look.connected or (look.gradient_norm == 0.0 and not explained)
    ]


def _share(share: float, frozen: list[str]) -> Clue:
    seen = f"{share:.0%} of the weights" if frozen else "none"
    weight = 3.5 if share > 0.99 else 1.0 if share > 0.5 else 0.0
    return Clue(weight, "frozen layers", seen, "only such as were trained before", not frozen)


def _cut_clue(case: Case, cut: list[VariableLook]) -> Clue:
    check, expected = "variables without a gradient", "none"
    if not cut:
        return Clue(0.0, check, "none", expected, True)
    total = len(case.autopsy.variables) if case.autopsy else 0
    apart = any(not look.connected for look in cut)
    weight = 3.0 if apart else 1.0
    return Clue(weight, check, f"{len(cut)} of {total}", expected, False)


def _facts(trainable: bool) -> dict[str, Any]:
    names = ("a", "b")
    layers = [
        {"name": n, "class": "Dense", "parameters": 90, "trainable": trainable} for n in names
    ]
    return {"model": {"layers": layers}}


PAGE = CausePage(
    label="frozen_weights",
    title="Weights that do not learn",
    why=(
        "A layer with trainable=False keeps its weights. So do those behind an operation without a "
        "slope: stop_gradient, round, argmax, or a way through NumPy."
    ),
    remedy="Check model.trainable_variables, and that every gradient is a number, not None.",
    before="for layer in model.layers:\n    layer.trainable = False",
    after="for layer in base.layers:\n    layer.trainable = False\nhead.trainable = True",
    weigh=weigh,
    fires=(
        idle(facts=_facts(False), unfreeze=0.3),
        idle(
            autopsy={
                "layers": (layer("a", "relu"), layer("b", "linear")),
                "variables": (kernel("a", gradient=0.0, connected=False), kernel("b")),
            },
        ),
    ),
    quiet=(
        idle(facts=_facts(True)),
        idle(facts=_facts(False), unfreeze=1.0),
    ),
    symptoms=NOT_LEARNING,
)
