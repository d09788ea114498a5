"""Clues that several causes share."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import median

from nanwatch.diagnosis import network
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import Clue
from nanwatch.diagnosis.looks import ArrayLook
from nanwatch.diagnosis.words import number, places

LEARNT = 0.6
"""A loss this far below a constant guess's, as a share of it, is that of a network that learns."""
GREW, CALM = 100.0, 3.0
"""A loss that grew by more diverged; one that grew by less was calm."""


def weight_above(value: float, *bounds: tuple[float, float], otherwise: float) -> float:
    """The weight of the first bound that a value lies above: (bound, weight), the highest first."""
    return next((weight for bound, weight in bounds if value > bound), otherwise)


def weight_below(value: float, *bounds: tuple[float, float], otherwise: float) -> float:
    """The weight of the first bound that a value lies below: (bound, weight), the lowest first."""
    return next((weight for bound, weight in bounds if value < bound), otherwise)


def grew(case: Case) -> Clue:
    """Divergence shows as growth before the end; bad data strike out of a calm."""
    growth = case.history.growth
    seen = f"{number(growth)} times the first" if case.history.seen > 1 else "nothing came before"
    weight = 1.5 if growth > GREW else -1.0 if growth < CALM and case.history.seen > 2 else 0.0
    return Clue(weight, "loss before the failure", seen, "no growth", growth < CALM)


def calm(case: Case) -> Clue:
    """The same observation, for causes that strike out of a calm."""
    clue = grew(case)
    return replace(clue, weight=-clue.weight)


def data_finite(case: Case) -> Clue:
    """Causes that need no bad data are less likely where the data are bad."""
    if case.autopsy is None:
        return Clue(0.0, "cells of the batch", "not looked at", "all finite")
    finite = case.autopsy.data_finite
    return _finite_clue("cells of the batch", finite)


def weights_were_finite(case: Case) -> Clue:
    """Who strikes a model whose weights are lost already cannot have been the first."""
    finite = case.autopsy is None or case.autopsy.weights_finite
    return _finite_clue("weights before the step", finite)


def started_well(case: Case) -> Clue:
    """Kernels that begin too large explain huge gradients and pinned units by themselves."""
    most = max((spread for _, spread in network.oversized(case.beginning)), default=1.0)
    weight = -2.0 if most > network.LARGE else 0.0
    return Clue(weight, "kernels at the start, against Glorot's", number(most), "about 1")


def learns(case: Case) -> list[Clue]:
    """A network that gets far below a constant guess does learn, be it from random features."""
    end = case.autopsy.loss - case.autopsy.penalty if case.autopsy else math.nan
    if not (case.constant_loss > 0 and math.isfinite(end)):
        return []
    share = end / case.constant_loss
    weight = -3.0 if share < LEARNT else 0.0
    check, seen = "loss, beside that of a constant guess", f"{share:.0%}"
    return [Clue(weight, check, seen, "far below 100 %", share < LEARNT)]


def began_trained(case: Case) -> list[Clue]:
    """A network that is far below a constant guess from the first steps on was trained before."""
    first = [loss for loss in case.history.first_losses if math.isfinite(loss)]
    if not first or not case.constant_loss > 0:
        return []
    share = median(first) / case.constant_loss
    if not share < LEARNT:
        return []
    check, seen = "first losses, beside that of a constant guess", f"{share:.0%}"
    return [Clue(-3.0, check, seen, "about 100 %, unless it was trained before", True)]


def bad_cells(look: ArrayLook, count: int, kind: str) -> Clue:
    """The bad cells themselves: where there are any, little else needs to be asked."""
    rows, width = look.shape[0], math.prod(look.shape[1:])
    seen = f"{count} of {rows} × {width} cells, {places('row', look.rows)}"
    return Clue(6.0, f"{kind} in {look.name}", seen, "none", healthy=False)


def reached_the_model(case: Case) -> Clue:
    """Bad cells that a model masks on purpose do no harm: then another cause is at work."""
    autopsy = case.autopsy
    harmed = autopsy is None or not (autopsy.predictions_finite and autopsy.gradients_finite)
    kept_out = autopsy is not None and all(look.input_finite for look in autopsy.layers)
    spared = "finite, and so is what every layer gets", -8.0
    seen, weight = ("not finite", 1.0) if harmed else spared if kept_out else ("finite", -4.0)
    return Clue(weight, "predictions and gradients of the batch", seen, "finite", not harmed)


def kernels_alike(case: Case) -> list[Clue]:
    """Kernels that began with one value throughout are a cause of their own."""
    if case.beginning is None or not network.alike(case.beginning):
        return []
    return [Clue(-3.0, "kernels of one value throughout", "there are some", "none", False)]


def _finite_clue(check: str, finite: bool) -> Clue:
    seen, weight = ("all finite", 0.5) if finite else ("not all finite", -6.0)
    return Clue(weight, check, seen, "all finite", finite)
