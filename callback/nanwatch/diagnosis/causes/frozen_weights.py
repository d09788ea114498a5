"""Weights that should learn, but are frozen or cut off from the loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nanwatch.diagnosis import clues, network
from nanwatch.diagnosis.bounds import place_of_own
from nanwatch.diagnosis.case import Autopsy, Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import raised
from nanwatch.diagnosis.looks import VariableLook
from nanwatch.diagnosis.silent import NOT_LEARNING, helps_some
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
TRACK = Fix(
    "Keep every layer as an attribute of a layer or model, or in a list or dictionary that is one; "
    "a class of your own that holds layers should be a keras.layers.Layer.",
    "- class Block:\n+ class Block(keras.layers.Layer):",
)
ALL = Fix(
    "Take the gradient of all trainable variables, and apply it to them.",
    "- gradients = tape.gradient(loss, self.head.trainable_variables)\n"
    "+ gradients = tape.gradient(loss, self.trainable_variables)",
)
NO_GRADIENT = "No gradients provided for any variable"
SMOOTH = Fix(
    "Train on a loss that changes with every small change of the predictions, and measure the "
    "other as a metric.",
    "- model.compile(optimizer, loss=share_wrong)\n"
    '+ model.compile(optimizer, loss="binary_crossentropy", metrics=[share_wrong])',
)
OWN_STATE = ("BatchNormalization", "Normalization", "SpectralNormalization")
THROUGH, THAW = "let_through", "unfreeze"
FEW = 0.1
"""A smaller share of the weights without a gradient may be a branch that is not in use."""


def weigh(case: Case) -> Testimony | None:
    """Layers that were frozen before they learnt, or variables that the loss does not depend on."""
    if case.symptom == "exception":
        return _refused(case)
    if (cut_off := _untracked(case) or _never_moved(case)) is not None:
        return cut_off
    frozen, cut = _frozen(case), _cut(case)
    if not frozen and not cut:
        return None
    found = [_share(case, frozen), _cut_clue(case, cut), *clues.learns(case)]
    layer_at = str(frozen[0].get("name", "")) if frozen else cut[0].layer
    why = f"{layer_at} is frozen" if frozen else f"no gradient reaches {cut[0].name}"
    summary = f"{why[0].upper()}{why[1:]}: it stays as it began, whatever the loss says."
    if frozen:
        proof = helps_some(case, THAW) or not any(one.get("blank") for one in frozen)
        remedy = THAW if proof else ""  # zeros may be a dead end even for those who may learn
        return Testimony(summary, found, FREEZE, {"layer": layer_at}, remedy, (THAW,))
    remedy = THROUGH if helps_some(case, THROUGH) else ""  # what lay still so long learns slowly
    return Testimony(summary, found, CUT, {"layer": layer_at}, remedy, (THROUGH,))


def _refused(case: Case) -> Testimony | None:
    """Keras' optimizers refuse a step in which no variable has a gradient."""
    if case.error is None or NO_GRADIENT not in case.error.message:
        return None
    found = [Clue(6.0, "error", NO_GRADIENT, "none", False)]
    summary = (
        "The loss does not depend on any weight by way of something with a slope: what it is made "
        "of was compared, rounded, counted, or taken out of the graph."
    )
    return Testimony(summary, found, SMOOTH, place_of_own(case.facts))


def _untracked(case: Case) -> Testimony | None:
    """Layers that take part in every step and are not the model's own, so nothing moves them."""
    looks = case.autopsy.layers if case.autopsy else ()
    names = [look.name for look in looks if look.untracked and look.kind not in network.OUTER]
    if not names or case.facts.get("own_step"):
        return None
    seen = ", ".join(dict.fromkeys(names))
    summary = (
        f"Keras does not find the weights of {seen} from the model: they take part in every step "
        "and are never updated, nor are they saved."
    )
    lost = Clue(4.0, "layers that the model does not know of", seen, "none", False)
    return Testimony(summary, [lost, *clues.learns(case)], TRACK, {"layer": names[0]})


def _never_moved(case: Case) -> Testimony | None:
    """Weights that a step of the user's own never moves.

    A copy that is moved by other means holds no longer what its initializers drew, nor does a
    network that was trained before.
    """
    still = case.autopsy.untrained if case.autopsy else ()
    every = {look.name: look.size for look in (*still, *(case.autopsy or Autopsy()).variables)}
    share = sum(look.size for look in still) / max(1, sum(every.values()))
    if not case.facts.get("own_step") or not FEW < share < 1:
        return None
    seen = f"{len(still)} of {len(every)} variables"
    summary = (
        f"The train step never moves {seen}, such as {still[0].name}: they hold what their "
        "initializers drew."
    )
    clue = Clue(4.0, "variables that the step never moves", seen, "none", False)
    return Testimony(summary, [clue, *clues.learns(case)], ALL, {"layer": still[0].layer})


def _layers(case: Case) -> list[Mapping[str, Any]]:
    """The layers with weights that a gradient should move; models that hold others don't count."""
    passed_over = {*OWN_STATE, *network.OUTER}
    return [
        one for one in case.layers if one.get("parameters") and one.get("class") not in passed_over
    ]


def _frozen(case: Case) -> list[Mapping[str, Any]]:
    """Layers that a flag keeps from learning: all of them, or else such as nothing has trained.

    A base that was trained before is frozen on purpose.
    """
    layers = _layers(case)
    frozen = [one for one in layers if one.get("trainable") is False]
    return frozen if len(frozen) == len(layers) else [one for one in frozen if one.get("fresh")]


def _cut(case: Case) -> list[VariableLook]:
    """Variables without any gradient, where no dead unit explains it.

    A step of the user's own may hold a copy of a network that is moved in another way, and a layer
    that is not called at all is a branch that nobody asks for. Of a step that could not be taken
    apart no gradient is known.
    """
    portrait = case.autopsy
    if portrait is None or portrait.raised or case.facts.get("own_step"):
        return []
    dead = network.dead(portrait)
    explained = dead is not None and dead.dead_share > 0.9
    called = {look.name for look in portrait.layers}
    return [
        look
        for look in portrait.variables
        if (not called or look.layer in called)
        and (not look.connected or (look.gradient_norm == 0.0 and not explained))
    ]


def _share(case: Case, frozen: list[Mapping[str, Any]]) -> Clue:
    layers = _layers(case)
    total = sum(int(one["parameters"]) for one in layers)
    share = sum(int(one["parameters"]) for one in frozen) / total if total else 0.0
    seen = f"{share:.0%} of the weights" if frozen else "none"
    certain = len(frozen) == len(layers) or any(one.get("blank") for one in frozen)
    weight = 0.0 if not frozen else 3.5 if certain else 2.0 if share > 0.5 else 0.0
    return Clue(weight, "frozen layers", seen, "only such as were trained before", not frozen)


def _never_sloped(case: Case, cut: list[VariableLook]) -> bool:
    """Whether they had no gradient at the beginning either, in a step that does move the last."""
    now, begun = case.autopsy, case.beginning
    if now is None or begun is None or not now.variables[-1].gradient_norm > 0:
        return False
    still = {look.name for look in begun.variables if look.gradient_norm == 0}
    return begun.variables[-1].gradient_norm > 0 and all(look.name in still for look in cut)


def _cut_clue(case: Case, cut: list[VariableLook]) -> Clue:
    check, expected = "variables without a gradient", "none"
    if not cut:
        return Clue(0.0, check, "none", expected, True)
    variables = case.autopsy.variables if case.autopsy else ()
    size = sum(look.size for look in cut) / sum(look.size for look in variables)
    apart = any(not look.connected for look in cut)
    below = not variables[0].connected and size > FEW  # not a branch that nobody asks for
    flat = size > FEW and _never_sloped(case, cut)
    weight = 5.0 if below else 3.0 if flat else 2.0 if apart else 1.0
    seen = f"{len(cut)} of {len(variables)}, {size:.0%} of the weights"
    return Clue(weight, check, seen, expected, False)


def _facts(base: bool, head: bool, fresh: bool = True) -> dict[str, Any]:
    """A base and a head of which each may be trainable; a frozen base may be fresh."""
    told = {"name": "base", "class": "Dense", "parameters": 900, "trainable": base, "fresh": fresh}
    end = {"name": "head", "class": "Dense", "parameters": 90, "trainable": head}
    return {"model": {"layers": [told, end]}}


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
        idle(facts=_facts(False, False, fresh=False), unfreeze=0.3),
        idle(facts=_facts(False, True), unfreeze=0.3),
        raised(f"{NO_GRADIENT}."),
        idle(autopsy={"untrained": (kernel("body"),)}, facts={"own_step": True}),
        idle(autopsy={"layers": (layer("lost", "relu", untracked=True), layer("b", "linear"))}),
        idle(
            autopsy={
                "layers": (layer("a", "relu"), layer("b", "linear")),
                "variables": (kernel("a", gradient=0.0, connected=False), kernel("b")),
            },
        ),
    ),
    quiet=(
        idle(facts=_facts(True, True)),
        idle(autopsy={"untrained": (kernel("copy", size=0),)}, facts={"own_step": True}),
        idle(
            autopsy={
                "layers": (layer("a", "relu"), layer("b", "linear")),
                "variables": (kernel("unused", gradient=0.0, connected=False), kernel("b")),
            },
        ),
        idle(
            autopsy={
                "raised": "ValueError: only in a graph",
                "variables": (kernel("a", gradient=0.0, connected=False),),
            },
        ),
        raised("Shapes (32, 3) and (32, 4) are incompatible"),
        idle(facts=_facts(False, True), unfreeze=1.0),
        idle(facts=_facts(False, True, fresh=False), unfreeze=0.3),
        idle(facts=_facts(False, True), losses=(1.0, 0.7, 0.3), unfreeze=0.3),
    ),
    symptoms=NOT_LEARNING | {"exception"},
)
