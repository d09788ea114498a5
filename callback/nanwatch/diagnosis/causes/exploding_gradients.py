"""Gradients that grow through depth or time (document C: "large (exploding) gradients")."""

from __future__ import annotations

import math
from typing import Any

from nanwatch.diagnosis import clues, words
from nanwatch.diagnosis.case import Case, Trial
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import CURED, FAILED, failed, weights
from nanwatch.diagnosis.scale import unit_scale_clue
from nanwatch.diagnosis.silent import DIVERGING
from nanwatch.events import Fix

HUGE = 1e3
LONG = 16
RECURRENT = ("SimpleRNN", "LSTM", "GRU", "RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D")


def weigh(case: Case) -> Testimony | None:
    """Huge gradients over scaled data, which clipping tames and a lower rate does not."""
    norms = [v for v in case.history.grad_norm if math.isfinite(v)]
    first = norms[0] if norms else math.nan
    if not norms or max(norms) < HUGE:
        return None
    found = [
        _at_once(first),
        _path(case),
        unit_scale_clue(case, -3.0),
        _clipping_alone(case),
        clues.data_finite(case),
        clues.weights_were_finite(case),
    ]
    summary = (
        f"The gradients' norm reached {words.number(max(norms))} ({words.number(first)} at first) "
        "although the data are scaled: it is multiplied on its way back through the network."
    )
    return Testimony(summary, found, _fix(case), _where(case), "clip", ("lower_rate",))


def _fix(case: Case) -> Fix:
    """The user's own optimizer, clipped."""
    text = (
        "Clip the gradients' common norm; in a deep or recurrent network also choose orthogonal or "
        "He initialisation, normalisation layers or a gated cell."
    )
    kind = case.optimizer.get("class", "Adam")
    rate = case.learning_rate
    given = "learning_rate" if rate is None else f"{rate:g}"
    code = (
        f"- keras.optimizers.{kind}({given})\n"
        f"+ keras.optimizers.{kind}({given}, global_clipnorm=1.0)"
    )
    return Fix(text, code)


def _at_once(first: float) -> Clue:
    weight = 2.0 if first > HUGE else 1.0 if first > 100 else -1.0
    return Clue(weight, "gradient norm at the first step", words.number(first), "below 100")


def _path(case: Case) -> Clue:
    """What grows by multiplication needs many factors: layers, times steps where it recurs."""
    layers: list[dict[str, Any]] = (case.facts.get("model") or {}).get("layers") or []
    factors = sum(1 for layer in layers if layer.get("parameters"))
    shapes = [look.shape for look in case.arrays("input") if len(look.shape) > 2]
    if shapes and any(layer.get("class") in RECURRENT for layer in layers):
        factors += max(shape[1] for shape in shapes)
    weight = 1.0 if factors >= LONG else 0.0 if factors >= LONG / 2 or not layers else -2.0
    seen = str(factors) if layers else "not known"
    return Clue(weight, "layers and time steps to go back through", seen, f"fewer than {LONG}")


def _clipping_alone(case: Case) -> Clue:
    check, expected = "replay with a tenth of the rate", "finite, and the loss falls"
    slower: Trial | None = case.trials.get("lower_rate")
    if slower is None:
        return Clue(0.0, check, "not tried", expected)
    return Clue(
        -1.5 if slower.cured else 1.0, check, "held" if slower.cured else "failed", expected
    )


def _where(case: Case) -> dict[str, object]:
    looks = case.autopsy.variables if case.autopsy else ()
    worst = max(looks, key=lambda look: look.gradient_norm, default=None)
    return {} if worst is None else {"layer": worst.layer, "variable": worst.name}


PAGE = CausePage(
    label="exploding_gradients",
    title="Exploding gradients",
    why=(
        "Going back through many layers or time steps, the gradient is multiplied by each one's "
        "slope. Where those are above 1 it grows exponentially, and one update throws the weights "
        "far away (Pascanu, Mikolov, Bengio 2013)."
    ),
    remedy="Clip the global norm; shorten or normalise the path; start from smaller weights.",
    before='model.compile(keras.optimizers.SGD(0.1), "mse")',
    after='model.compile(keras.optimizers.SGD(0.1, global_clipnorm=1.0), "mse")',
    weigh=weigh,
    fires=(
        failed(grad_norms=(5e4, 3e7), losses=(2.0, 1e6), clip=CURED, lower_rate=FAILED),
        failed(grad_norms=(5e6,), losses=(2.0,), clip=CURED),
    ),
    quiet=(failed(), failed(autopsy={"variables": weights(gradient_norm=2.0)})),
    symptoms=DIVERGING,
)
