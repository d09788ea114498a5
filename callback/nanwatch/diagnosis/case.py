"""What is known when a symptom appears: plain data that the causes weigh.

The server fills in what the stream tells (facts, history). The callback adds the autopsy: a look
at the batch, the weights and the configuration at the failure, and what replays with fixes did.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from nanwatch.events import Severity, Symptom

Role = Literal["input", "target", "sample_weight"]


@dataclass(frozen=True)
class ColumnLook:
    """One column of a batch's array that stands out.

    Attributes:
        index: position along the last axis.
        name: the column's name in the user's table, or "".
        low, high, mean, std: over the finite cells.
    """

    index: int
    name: str
    low: float
    high: float
    mean: float
    std: float


@dataclass(frozen=True)
class ArrayLook:
    """What one array of the offending batch looks like.

    Attributes:
        name: the input's or output's name.
        n_nan, n_inf: cells that are NaN, or infinite.
        rows: positions in the batch of the rows at fault.
        samples: positions of those rows in the data set, or () when it is not known.
        columns: positions along the last axis of the cells at fault.
        column_names: the names of those columns, or () when they have none.
        low, high, mean, std: over the finite cells; NaN when there is none.
        wide: the columns farthest from unit scale, the farthest first.
    """

    role: Role
    name: str
    shape: tuple[int, ...]
    dtype: str
    n_nan: int = 0
    n_inf: int = 0
    rows: tuple[int, ...] = ()
    samples: tuple[int, ...] = ()
    columns: tuple[int, ...] = ()
    column_names: tuple[str, ...] = ()
    low: float = math.nan
    high: float = math.nan
    mean: float = math.nan
    std: float = math.nan
    wide: tuple[ColumnLook, ...] = ()

    @property
    def finite(self) -> bool:
        """Whether every cell is finite."""
        return not (self.n_nan or self.n_inf)

    @property
    def largest(self) -> float:
        """The largest absolute finite value, 0 when there is none."""
        ends = [abs(v) for v in (self.low, self.high) if not math.isnan(v)]
        return max(ends, default=0.0)


@dataclass(frozen=True)
class LayerLook:
    """One layer's forward pass over the offending batch, with the weights before the step.

    Attributes:
        largest: the largest absolute finite value of its output.
    """

    name: str
    kind: str
    input_finite: bool
    output_finite: bool
    largest: float


@dataclass(frozen=True)
class VariableLook:
    """One trainable variable before the step, and its gradient of the offending batch."""

    name: str
    layer: str
    finite: bool
    norm: float
    gradient_finite: bool = True
    gradient_norm: float = 0.0


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
    """

    arrays: tuple[ArrayLook, ...] = ()
    layers: tuple[LayerLook, ...] = ()
    variables: tuple[VariableLook, ...] = ()
    predictions_finite: bool = True
    loss: float = math.nan
    penalty: float = 0.0
    update_finite: bool = True

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
    """

    finite: bool
    fell: bool
    steps: int

    @property
    def cured(self) -> bool:
        """Staying finite is not recovery: the loss must fall as well."""
        return self.finite and self.fell


@dataclass(frozen=True)
class History:
    """The numbers just before, oldest first.

    Attributes:
        loss, grad_norm, learning_rate: the last values up to the symptom; any may be empty.
        first_losses: the first losses of the run.
        seen: how many losses the run had before the symptom.
    """

    loss: tuple[float, ...] = ()
    grad_norm: tuple[float, ...] = ()
    learning_rate: tuple[float, ...] = ()
    first_losses: tuple[float, ...] = ()
    seen: int = 0

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


@dataclass(frozen=True)
class Case:
    """A symptom and everything known about it.

    Attributes:
        facts: the run's facts as RunStarted carries them.
        trials: what replays did, by the name of the change ("drop_rows", "lower_rate", ...).
    """

    symptom: Symptom
    severity: Severity
    first_step: int | None
    seen: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    history: History = History()
    autopsy: Autopsy | None = None
    trials: Mapping[str, Trial] = field(default_factory=dict)

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
        return trial is not None and trial.cured

    def better(self, remedy: str, stronger: str) -> str:
        """`remedy`, or the stronger one when only that cured."""
        return stronger if self.cured(stronger) and not self.cured(remedy) else remedy

    def arrays(self, role: Role) -> tuple[ArrayLook, ...]:
        """The batch's arrays of one role; empty without an autopsy."""
        return tuple(a for a in self.autopsy.arrays if a.role == role) if self.autopsy else ()
