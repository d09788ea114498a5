"""What is known when a symptom appears: plain data that the causes weigh.

The server fills in what the stream tells (facts, history). The callback adds the autopsy: a look
at the batch, the weights and the configuration at the failure, and what replays with fixes did.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from nanwatch.diagnosis.looks import (
    ArrayLook,
    ErrorLook,
    LayerLook,
    LossLook,
    OperationLook,
    Role,
    VariableLook,
)
from nanwatch.diagnosis.words import number
from nanwatch.events import Fault, Severity, Symptom

PERFECT = 1e-6
"""A loss as small as this is 0; a small number under a root makes it no smaller."""
LEARNED, AS_LOW = 0.5, 1.1
"""A loss below so much of the first has come far down; one up to so many times that stays there."""
LAST = 16
"""So many losses tell where a training stood."""


@dataclass(frozen=True)
class Autopsy:
    """The offending step, taken apart.

    Attributes:
        arrays: every input, target and sample weight of the batch.
        layers: in the order of the forward pass.
        variables: every trainable variable.
        predictions_finite: whether the model's outputs were finite.
        loss: the batch's loss, recomputed.
        penalty: the part of it that comes from regularisation and `add_loss`.
        update_finite: whether the weights were finite after the optimizer's update.
        predictions: the model's outputs.
        terms: the terms of the loss, one an output.
        operation: the first operation with finite input and non-finite output, where single
            operations could be watched.
        risks: operations of the forward pass that were finite there but have no finite slope
            (a square root at 0, a masked logarithm of 0, ...).
        near: operations of the user's own code that were finite only because of a number that
            another order of summing up may lose, as a compiled graph's.
        crossed: operations on (rows,) and (rows, 1), which compare every row with every other; None
            where operations were not watched to the end of the loss.
        untrained: variables that may learn and hold what their initializers drew, with gradients
            unknown.
        raised: what the step raised when it was repeated, "" for nothing.
    """

    arrays: tuple[ArrayLook, ...] = ()
    layers: tuple[LayerLook, ...] = ()
    variables: tuple[VariableLook, ...] = ()
    predictions_finite: bool = True
    loss: float = math.nan
    penalty: float = 0.0
    update_finite: bool = True
    predictions: tuple[ArrayLook, ...] = ()
    terms: tuple[LossLook, ...] = ()
    operation: OperationLook | None = None
    risks: tuple[OperationLook, ...] = ()
    near: tuple[OperationLook, ...] = ()
    crossed: tuple[OperationLook, ...] | None = None
    untrained: tuple[VariableLook, ...] = ()
    raised: str = ""

    @property
    def repeated(self) -> bool:
        """Whether the failure showed again when the step was repeated."""
        finite = math.isfinite(self.loss) and self.predictions_finite and self.gradients_finite
        return not finite or not self.update_finite or bool(self.raised)

    @property
    def weights_finite(self) -> bool:
        """Whether every trainable variable was finite before the step."""
        return all(variable.finite for variable in self.variables)

    @property
    def gradients_finite(self) -> bool:
        """Whether every gradient of the step was finite."""
        return all(variable.gradient_finite for variable in self.variables)

    @property
    def gradient_norm(self) -> float:
        """The norm of all gradients together."""
        return math.hypot(*(variable.gradient_norm for variable in self.variables))

    @property
    def data_finite(self) -> bool:
        """Whether every cell of the batch is finite."""
        return all(array.finite for array in self.arrays)

    @property
    def born_in(self) -> LayerLook | None:
        """The first layer whose output is not finite while its input is."""
        return next(
            (look for look in self.layers if look.input_finite and not look.output_finite), None
        )


@dataclass(frozen=True)
class Trial:
    """A replay of the failing stretch with one change.

    Attributes:
        finite: whether loss and weights stayed finite to the end.
        fell: whether the loss ended below where it began, in a network that still learns.
        steps: how many steps were replayed.
        first, last: the median loss of the first and of the last quarter of the steps, without
            penalties.
        guess: the loss of the best constant guess under this change, NaN where it is that of the
            unchanged training.
        words: what was changed, for people.
        parts: the median loss of the first and of the last quarter of each output by itself, by
            series, such as "price_loss"; empty for a single output.
        highest: the largest loss of all steps.
    """

    finite: bool
    fell: bool
    steps: int
    first: float = math.nan
    last: float = math.nan
    guess: float = math.nan
    words: str = ""
    parts: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    highest: float = math.nan

    @property
    def cured(self) -> bool:
        """Staying finite is not recovery: the loss must fall as well."""
        return self.finite and self.fell

    @property
    def made(self) -> str:
        """What was changed, and for how long: "scaled inputs, 40 steps"."""
        return ", ".join(filter(None, (self.words, f"{self.steps} steps")))

    @property
    def course(self) -> str:
        """What became of the loss: "loss 2.3 to 0.87"."""
        if not self.finite:
            return "not finite"
        return f"loss {number(self.first)} to {number(self.last)}"


@dataclass(frozen=True)
class History:
    """The numbers just before, oldest first.

    Attributes:
        loss, grad_norm, learning_rate: the last values up to the symptom; any may be empty.
        first_losses: the first losses of the run.
        seen: how many losses the run had before the symptom.
        epochs: every series of Keras' epoch logs, such as "val_loss" or "accuracy", oldest first.
        early, late: points of the layers and the data by series ("layer/<name>/grad_norm",
            "batch/update_ratio", "target/<name>/min"): the first ones told, and the last.
    """

    loss: tuple[float, ...] = ()
    grad_norm: tuple[float, ...] = ()
    learning_rate: tuple[float, ...] = ()
    first_losses: tuple[float, ...] = ()
    seen: int = 0
    epochs: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    early: Mapping[str, float] = field(default_factory=dict)
    late: Mapping[str, float] = field(default_factory=dict)

    @property
    def growth(self) -> float:
        """The last finite loss over the first; 1 when there is nothing to compare."""
        finite = [v for v in self.loss if math.isfinite(v)]
        if len(finite) < 2 or not self.start > 0 or finite[-1] <= 0:
            return 1.0
        return finite[-1] / self.start

    @property
    def start(self) -> float:
        """The first finite loss, NaN without one."""
        return next((v for v in self.first_losses if math.isfinite(v)), math.nan)

    @property
    def level(self) -> float:
        """The median of the last finite losses, NaN without one."""
        finite = [v for v in self.loss if math.isfinite(v)]
        return median(finite[-LAST:]) if finite else math.nan

    @property
    def end(self) -> float:
        """The last finite loss, NaN without one."""
        return next((v for v in reversed(self.loss) if math.isfinite(v)), math.nan)


@dataclass(frozen=True)
class Case:
    """A symptom and everything known about it.

    Attributes:
        facts: the run's facts as RunStarted carries them.
        trials: what replays did, by the name of the change ("drop_rows", "lower_rate", ...);
            "as_it_is" is the replay without a change.
        data: the arrays of the run's first batch.
        validation: the arrays of the first validation batch whose loss was not finite.
        error: what `fit` raised, for the symptom "exception".
        beginning: for a silent symptom, the batch of the autopsy with the weights with which the
            fit began; the autopsy itself has those of the end.
        constant_loss: the loss, without penalties, of the best constant guess for the labels at
            hand; NaN when it is not known.
        perfect_loss: the least such loss of predictions that follow the labels.
        untried: why a replay was not made, in words, by the name of the change.
        fault: see `Diagnosis`.
    """

    symptom: Symptom
    severity: Severity
    first_step: int | None
    seen: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    history: History = History()
    autopsy: Autopsy | None = None
    trials: Mapping[str, Trial] = field(default_factory=dict)
    data: tuple[ArrayLook, ...] = ()
    validation: tuple[ArrayLook, ...] = ()
    error: ErrorLook | None = None
    beginning: Autopsy | None = None
    constant_loss: float = math.nan
    perfect_loss: float = math.nan
    untried: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None

    @property
    def layers(self) -> Sequence[Mapping[str, Any]]:
        """The facts of the model's layers; empty when unknown."""
        found: Sequence[Mapping[str, Any]] = (self.facts.get("model") or {}).get("layers") or ()
        return found

    @property
    def optimizer(self) -> Mapping[str, Any]:
        """The optimizer's facts: "class" and "config"; empty when unknown."""
        found: Mapping[str, Any] = self.facts.get("optimizer") or {}
        return found

    @property
    def learning_rate(self) -> float | None:
        """The rate in effect at the symptom, else the configured one, else None."""
        if self.history.learning_rate:
            return self.history.learning_rate[-1]
        rate = self.optimizer.get("learning_rate")
        return float(rate) if isinstance(rate, int | float) else None

    def cured(self, remedy: str) -> bool:
        """Whether a replay with this remedy was made, and cured."""
        trial = self.trials.get(remedy)
        if trial is None:
            return False
        return trial.cured or self.stays_perfect(trial) or self.stays_low(trial)

    def stays_perfect(self, trial: Trial) -> bool:
        """Whether the failing step's loss was 0, as it stays: it cannot be asked to fall."""
        loss = self.autopsy.loss if self.autopsy else math.nan
        return trial.finite and all(abs(v) <= PERFECT for v in (loss, trial.first, trial.last))

    def stays_low(self, trial: Trial) -> bool:
        """Whether the loss had come far down before it failed, and stays there: a training that is
        nearly done cannot be asked to fall much more. One that falls, and is not cured, is dead.
        """
        reached, start = self.history.level, self.history.start
        is_low = 0 < reached < LEARNED * start and trial.last <= AS_LOW * reached
        return trial.finite and is_low and not trial.last < trial.first

    def better(self, remedy: str, stronger: str) -> str:
        """`remedy`, or the stronger one when only that cured."""
        return stronger if self.cured(stronger) and not self.cured(remedy) else remedy

    def arrays(self, role: Role) -> tuple[ArrayLook, ...]:
        """The arrays of one role: of the batch at hand, else of the run's first one."""
        looks = self.autopsy.arrays if self.autopsy and self.autopsy.arrays else self.data
        return tuple(look for look in looks if look.role == role)

    @property
    def predictions(self) -> tuple[ArrayLook, ...]:
        """The model's outputs for the batch at hand; empty without an autopsy."""
        return self.autopsy.predictions if self.autopsy else ()
