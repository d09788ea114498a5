"""What can be said before anything has gone wrong: the causes, asked what they would lead to.

No second set of rules: each cause weighs the configuration and the data as it does after a
failure, only that there is no failure yet. What needs the course of a training stays silent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from nanwatch.diagnosis import CAUSES, ranking
from nanwatch.diagnosis.case import Autopsy, Case
from nanwatch.diagnosis.looks import ArrayLook
from nanwatch.diagnosis.outputs import CROSSENTROPIES, Output, outputs
from nanwatch.diagnosis.weighting import class_weights, loss_weights
from nanwatch.events import Cause, Diagnosis, Symptom

FORESEEN = 0.6
"""How likely a cause must be that is told before anything has happened."""
LEADS_TO: Mapping[str, Symptom] = MappingProxyType(
    {
        "nan_in_features": "nan_loss",
        "inf_in_features": "nan_loss",
        "nan_in_labels": "nan_loss",
        "inf_in_labels": "nan_loss",
        "nan_in_sample_weight": "nan_loss",
        "bad_class_weight": "nan_loss",
        "bad_loss_weights": "nan_loss",
        "label_out_of_range": "exception",
        "index_out_of_range": "exception",
        "label_shape_mismatch": "exception",
        "wrong_label_encoding": "negative_loss",
        "logits_mismatch": "underfit",
        "wrong_output_activation": "underfit",
        "wrong_loss_for_task": "underfit",
        "loss_domain_violation": "underfit",
        "optimizer_misconfigured": "nan_loss",
        "regularization_too_strong": "nan_loss",
        "lr_schedule_blowup": "exploding_loss",
        "frozen_weights": "loss_stuck",
        "unscaled_features": "loss_stuck",
        "unscaled_targets": "loss_stuck",
        "extreme_outlier": "loss_spike",
        "shape_broadcast_bug": "underfit",
    }
)
"""What each cause that can be seen beforehand leads to, as a rule."""
CERTAIN = frozenset(
    {
        *("nan_in_features", "inf_in_features", "nan_in_labels", "inf_in_labels"),
        *("nan_in_sample_weight", "label_out_of_range", "index_out_of_range"),
    }
)
"""Causes that do harm wherever they are seen."""
WEIGHTS = {"bad_class_weight": class_weights, "bad_loss_weights": loss_weights}
OF_A_STEP = frozenset({"shape_broadcast_bug"})
"""Causes that are seen in what a step makes of its batch; of others it tells nothing before the
model has learnt."""


def foresee(
    facts: Mapping[str, Any], data: tuple[ArrayLook, ...], step: Autopsy | None = None
) -> tuple[Diagnosis, ...]:
    """What is likely to go wrong by the configuration and the data alone.

    Args:
        facts: of a run of which no step is known yet.
        data: a look at the data set, or at its first batch.
        step: what was seen of a step over some rows of it, if one was looked at.

    Returns:
        One diagnosis a symptom, with all causes that would lead to it; all "info".
    """
    found: dict[Symptom, list[Cause]] = {}
    for label in LEADS_TO:
        symptom = _symptom_of(label, facts)
        seen = step if label in OF_A_STEP else None
        case = Case(symptom, "info", None, facts=facts, data=data, autopsy=seen)
        if label in CAUSES and (cause := _likely(case, label)) is not None:
            found.setdefault(symptom, []).append(cause)
    return tuple(
        Diagnosis(symptom, "info", None, _ranked(causes)) for symptom, causes in found.items()
    )


def _symptom_of(label: str, facts: Mapping[str, Any]) -> Symptom:
    """What a cause leads to; weights that are finite drown the rest, others spoil the loss."""
    weights = (
        WEIGHTS[label](Case("underfit", "info", None, facts=facts)) if label in WEIGHTS else {}
    )
    drowned = weights and all(map(math.isfinite, weights.values()))
    return "underfit" if drowned else LEADS_TO[label]


def may_stretch(facts: Mapping[str, Any], data: tuple[ArrayLook, ...]) -> bool:
    """Whether targets and predictions may be stretched to each other: only a step can tell."""
    if facts.get("own_step"):
        return any(look.role == "target" and len(look.shape) == 1 for look in data)
    ends = outputs(Case("underfit", "info", None, facts=facts, data=data))
    return any(end.custom or _of_another_rank(end) for end in ends)


def _of_another_rank(output: Output) -> bool:
    """Whether a sequence is predicted, or more, and the target is none such."""
    if output.target is None or output.loss in CROSSENTROPIES:
        return False
    return (output.rank or 0) > 2 and len(output.target.shape) != output.rank


def remaining(diagnoses: Iterable[Diagnosis], foreseen: Iterable[Diagnosis]) -> list[Diagnosis]:
    """What appeared, and after it what was foreseen and neither came nor was explained by it."""
    appeared = list(diagnoses)
    symptoms = {one.symptom for one in appeared}
    explained = {cause.label for one in appeared for cause in one.causes}
    for one in foreseen:
        causes = tuple(cause for cause in one.causes if cause.label not in explained)
        if causes and one.symptom not in symptoms:
            appeared.append(replace(one, causes=causes))
    return appeared


def _likely(case: Case, label: str) -> Cause | None:
    causes = ranking.diagnose(case, (CAUSES[label],)).causes
    return causes[0] if causes and causes[0].confidence >= FORESEEN else None


def _ranked(causes: list[Cause]) -> tuple[Cause, ...]:
    return tuple(sorted(causes, key=lambda cause: -cause.confidence))
