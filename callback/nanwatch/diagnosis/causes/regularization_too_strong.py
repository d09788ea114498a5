"""L1 / L2 penalty that dominates or diverges (document C: "very large l2 and learning rate")."""

from __future__ import annotations

from typing import Any

from nanwatch.diagnosis import clues, words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import CURED, FAILED, failed
from nanwatch.events import Fix


def weigh(case: Case) -> Testimony | None:
    """A penalty that outweighs the data's loss, or a rate at which its step overshoots."""
    strengths = _strengths(case)
    if not strengths:
        return None
    layer, l2 = max(strengths, key=lambda item: item[1])
    found = [_overshoot(case, l2), _share(case), clues.grew(case), clues.data_finite(case)]
    summary = (
        f"The L2 penalty of {layer} (factor {words.number(l2)}) changes the weights more than the "
        "data do. With plain gradient descent a weight is multiplied by 1 - 2·rate·l2 at each step."
    )
    return Testimony(summary, found, _fix(l2), {"layer": layer}, "weaker_penalty")


def _strengths(case: Case) -> list[tuple[str, float]]:
    layers: list[dict[str, Any]] = (case.facts.get("model") or {}).get("layers") or []
    return [
        (str(layer.get("name", "")), float(penalty.get("l2") or 0.0))
        for layer in layers
        for penalty in (layer.get("regularizers") or {}).values()
        if penalty.get("l2") or penalty.get("l1")
    ]


def _overshoot(case: Case, l2: float) -> Clue:
    rate = case.learning_rate or 0.0
    factor = abs(1 - 2 * rate * l2)
    diverges = factor > 1
    seen = f"|1 - 2 × {words.number(rate)} × {words.number(l2)}| = {words.number(factor)}"
    return Clue(4.0 if diverges else -1.0, "factor on a weight in each step", seen, "below 1")


def _share(case: Case) -> Clue:
    autopsy = case.autopsy
    if autopsy is None or not autopsy.loss > 0:
        return Clue(0.0, "penalty's share of the loss", "not known", "below one half")
    share = autopsy.penalty / autopsy.loss
    weight = 2.0 if share > 0.9 else -1.0 if share < 0.1 else 0.0
    return Clue(weight, "penalty's share of the loss", f"{share:.0%}", "below one half")


def _fix(l2: float) -> Fix:
    return Fix(
        "Use a penalty that only leans on the weights: 1e-4 is a usual start.",
        f"- kernel_regularizer=keras.regularizers.L2({l2:g})\n"
        "+ kernel_regularizer=keras.regularizers.L2(1e-4)",
    )


def _penalised(l2: float) -> dict[str, Any]:
    return {"model": {"layers": [{"name": "dense", "regularizers": {"kernel": {"l2": l2}}}]}}


PAGE = CausePage(
    label="regularization_too_strong",
    title="A penalty on the weights that is too strong",
    why=(
        "The gradient of l2·w² is 2·l2·w, so a plain step multiplies the weight by 1 - 2·rate·l2. "
        "Where that factor is below -1, the weight changes sign and grows at each step, whatever "
        "the data say. Below that the penalty may still hold all weights at zero."
    ),
    remedy="Lower the penalty (1e-4 is a usual start) or the rate: 2·rate·l2 must be far below 1.",
    before="Dense(64, kernel_regularizer=keras.regularizers.L2(1.0)), SGD(3.0)",
    after="Dense(64, kernel_regularizer=keras.regularizers.L2(1e-4)), SGD(0.01)",
    weigh=weigh,
    fires=(
        failed(
            losses=(4.0, 100.0, 2500.0, 1e6),
            optimizer={"class": "SGD", "learning_rate": 3.0},
            facts=_penalised(1.0),
            autopsy={"loss": 1e6, "penalty": 9.9e5},
            weaker_penalty=CURED,
            lower_rate=CURED,
        ),
    ),
    quiet=(
        failed(facts=_penalised(1e-4), losses=(1.0, 1e5, 1e12)),
        failed(
            facts=_penalised(0.1),
            losses=(1.0, 1e5, 1e12),
            autopsy={"loss": 1e12, "penalty": 1.0},
            weaker_penalty=FAILED,
        ),
    ),
)
