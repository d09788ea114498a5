"""Gradients that grow through depth or time."""

from __future__ import annotations

import math
from collections import Counter

from nanwatch.diagnosis import clues, words
from nanwatch.diagnosis.case import Autopsy, Case, Trial
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import CURED, FAILED, failed, table, weights
from nanwatch.diagnosis.penalty import NEARLY_ALL, penalty_share
from nanwatch.diagnosis.scale import unit_scale_clue
from nanwatch.diagnosis.silent import DIVERGING
from nanwatch.events import Fix

HUGE, LARGE = 1e3, 50.0
"""Norms of gradients that nothing ordinary reaches, and that a long way back multiplies to more."""
LONG = 16
"""So many factors in a row are a long way back."""
LIMITS = {"clip": 1.0, "clip_hard": 0.01}
"""The replays with clipped gradients, the milder first, and the norms that they clip to."""
RECURRENT = ("SimpleRNN", "LSTM", "GRU", "RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D")


def weigh(case: Case) -> Testimony | None:
    """Huge gradients over scaled data, which clipping tames and a lower rate does not."""
    norms = [v for v in case.history.grad_norm if math.isfinite(v)]
    first = norms[0] if norms else math.nan
    if not norms or max(norms) < (LARGE if _factors(case) >= LONG else HUGE):
        return None
    found = [
        _at_once(first),
        _path(case),
        unit_scale_clue(case, -3.0),
        clues.started_well(case),
        _share_of_penalty(case),
        _clipping_alone(case),
        clues.data_finite(case),
        clues.weights_were_finite(case),
    ]
    summary = (
        f"The gradients' norm reached {words.number(max(norms))} ({words.number(first)} at first) "
        "although the data are scaled: it is multiplied on its way back through the network."
    )
    remedy = case.better(*LIMITS)
    fix = _fix(case, LIMITS[remedy])
    return Testimony(summary, found, fix, _where(case), remedy, ("lower_rate", *LIMITS))


def _fix(case: Case, limit: float) -> Fix:
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
        f"+ keras.optimizers.{kind}({given}, global_clipnorm={limit:g})"
    )
    return Fix(text, code)


def _at_once(first: float) -> Clue:
    weight = clues.weight_above(first, (HUGE, 2.0), (100.0, 1.0), otherwise=-1.0)
    return Clue(weight, "gradient norm at the first step", words.number(first), "below 100")


def _path(case: Case) -> Clue:
    """What grows by multiplication needs many factors."""
    factors = _factors(case)
    weight = 1.0 if factors >= LONG else 0.0 if factors >= LONG / 2 or not factors else -2.5
    seen = str(factors) if factors else "not known"
    return Clue(weight, "layers and time steps to go back through", seen, f"fewer than {LONG}")


def _factors(case: Case) -> int:
    """How many factors a gradient is multiplied by: layers, and time steps where it recurs.

    What calls one layer of weights again and again recurs as well. 0 when it is not known.
    """
    factors = sum(1 for layer in case.layers if layer.get("parameters"))
    shapes = [look.shape for look in case.arrays("input") if len(look.shape) > 2]
    if shapes and any(layer.get("class") in RECURRENT for layer in case.layers):
        factors += max(shape[1] for shape in shapes)
    return max(factors, _calls(case))


def _calls(case: Case) -> int:
    """How often the layer that is called most often, and holds weights, is called in one pass."""
    autopsy = case.autopsy or Autopsy()
    owners = {variable.layer for variable in autopsy.variables}
    calls = Counter(look.name for look in autopsy.layers if look.name in owners)
    return max(calls.values(), default=0)


def _share_of_penalty(case: Case) -> Clue:
    """What a penalty makes grow does not come back through the network."""
    share = penalty_share(case)
    weight = -2.0 if share > NEARLY_ALL else 0.0
    return Clue(weight, "penalty's share of the loss", f"{share:.0%}", "below one half")


def _clipping_alone(case: Case) -> Clue:
    check, expected = "replay with a tenth of the rate", "finite, and the loss falls"
    slower: Trial | None = case.trials.get("lower_rate")
    if slower is None:
        return Clue(0.0, check, "not tried", expected)
    weight, seen = (-1.5, "held") if slower.cured else (1.0, "failed")
    return Clue(weight, check, seen, expected)


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
        failed(
            table(shape=(32, 150, 1)),
            grad_norms=(190.0,),
            losses=(0.9,),
            facts={"model": {"layers": [{"class": "SimpleRNN", "parameters": 600}]}},
            clip=CURED,
            lower_rate=FAILED,
        ),
    ),
    quiet=(failed(), failed(autopsy={"variables": weights(gradient_norm=2.0)})),
    symptoms=DIVERGING,
)
