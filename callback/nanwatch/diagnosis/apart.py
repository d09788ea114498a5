"""One output of several, seen as if it were the model's only one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nanwatch.diagnosis.case import Autopsy, Case, Trial
from nanwatch.diagnosis.looks import ArrayLook
from nanwatch.diagnosis.outputs import Output, outputs
from nanwatch.diagnosis.weighting import told_weights

WEIGHTS_ONLY = ("even_weights",)
"""Changes of what the outputs count beside each other: each one's own loss stays what it was."""


def facts_of(facts: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The facts of a model whose only output is the one of this name; all weights are kept."""
    ends = [one for one in facts.get("outputs") or () if one.get("name") == name]
    losses = [one["loss"] for one in ends if one.get("loss")]
    return {**facts, "outputs": ends, "loss": losses, "loss_weights": told_weights(facts)}


def of_output(case: Case, name: str) -> Case:
    """The case of that output: its own target, prediction and loss, in the replays as well.

    A replay that judges by another loss tells nothing of it.
    """
    end = next((one for one in outputs(case) if one.name == name), None)
    if end is None:
        return case
    return replace(
        case,
        facts=facts_of(case.facts, name),
        trials={
            key: _of_loss(t, name) for key, t in case.trials.items() if _compares(key, t, name)
        },
        autopsy=case.autopsy and _autopsy(case.autopsy, end),
        beginning=case.beginning and _autopsy(case.beginning, end),
    )


def _compares(key: str, trial: Trial, name: str) -> bool:
    comparable = math.isnan(trial.guess) or key in WEIGHTS_ONLY
    return comparable and f"{name}_loss" in trial.parts


def _of_loss(trial: Trial, name: str) -> Trial:
    first, last = trial.parts[f"{name}_loss"]
    return replace(trial, first=first, last=last, guess=math.nan)


def _autopsy(autopsy: Autopsy, end: Output) -> Autopsy:
    term = next((one for one in autopsy.terms if one.output == end.name), None)
    return replace(
        autopsy,
        arrays=tuple(look for look in autopsy.arrays if _belongs(look, end)),
        predictions=(end.prediction,) if end.prediction else (),
        loss=term.value if term else math.nan,
        penalty=0.0,
    )


def _belongs(look: ArrayLook, end: Output) -> bool:
    return look.role != "target" or look is end.target
