"""What one array, layer, variable, operation, loss term or error looks like: plain data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Role = Literal["input", "target", "sample_weight", "prediction"]
Stage = Literal["layer", "loss", "gradient", "step"]
Empty = Literal["", "mean", "softmax"]
ErrorStage = Literal["step", "pipeline", "validation"]


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
        integral: whether all finite cells are whole numbers.
        distinct: the distinct finite values, ascending, or () when there are too many to tell.
        one_hot: whether every row of the last axis is a single 1 among zeros.
        sums_to_one: whether every row of the last axis is non-negative and sums to 1.
        row_spread: the standard deviation over the rows, averaged over the cells of a row: 0 when
            all rows are alike.
        outliers: positions in the batch of rows with a finite cell that lies absurdly far from
            the others of its column, the farthest first.
        constant_columns: positions along the last axis of columns with one value in all rows.
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
    integral: bool = False
    distinct: tuple[float, ...] = ()
    one_hot: bool = False
    sums_to_one: bool = False
    row_spread: float = math.nan
    outliers: tuple[int, ...] = ()
    constant_columns: tuple[int, ...] = ()

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
        activation: the name of its activation function, "" without one.
        units: the size of its output's last axis.
        zero_share: the share of its outputs that are exactly 0.
        dead_share: the share of its units that are exactly 0 for every row.
        saturated_share: the share of its outputs where a tanh or sigmoid is flat.
        row_spread: the standard deviation over the rows, averaged over the units: 0 when it says
            the same of every row.
        input_largest: the largest absolute finite value that went in.
        untracked: whether it has weights to train that the model knows nothing of.
        after: the layer that made what it was given, "" where that was no layer; None: not known.
    """

    name: str
    kind: str
    input_finite: bool
    output_finite: bool
    largest: float
    activation: str = ""
    units: int = 0
    zero_share: float = math.nan
    dead_share: float = math.nan
    saturated_share: float = math.nan
    row_spread: float = math.nan
    input_largest: float = math.nan
    untracked: bool = False
    after: str | None = None


@dataclass(frozen=True)
class VariableLook:
    """One trainable variable before the step, and its gradient of the offending batch.

    Attributes:
        size: how many numbers it holds.
        constant: whether they are all the same.
        connected: whether the loss depends on it at all (its gradient is not None).
    """

    name: str
    layer: str
    finite: bool
    norm: float
    gradient_finite: bool = True
    gradient_norm: float = 0.0
    size: int = 1
    constant: bool = False
    connected: bool = True


@dataclass(frozen=True)
class OperationLook:
    """One operation of the step, run by itself.

    Attributes:
        kind: what it computes, in the backend's word: "Log", "RealDiv", "Sqrt", "SqrtGrad".
        stage: whether it ran in a layer, in the loss, on the way back (gradient), or elsewhere.
        layer: the layer that it ran in, or "".
        source_line: "file.py:12", the innermost line of the user's own code, or "" when it was
            called from a library only.
        code: that line's text.
        low, high: the range of what went in; of several operands, that of the telling one.
        exponent: the lowest one of a power.
        rows: positions in the batch of the rows at fault, () when they cannot be told.
        dtype: the type that it computed in.
        infinite: whether it made infinity, and no NaN.
        empty: what it is if that goes over nothing: a "mean" of no numbers or divided by a count
            of 0, a "softmax" of a row that is masked throughout, or "".
        lost_epsilon: whether a constant that was to keep the operand away from its limit had
            itself been rounded away.
    """

    kind: str
    stage: Stage
    layer: str = ""
    source_line: str = ""
    code: str = ""
    low: float = math.nan
    high: float = math.nan
    exponent: float = math.nan
    rows: tuple[int, ...] = ()
    dtype: str = ""
    infinite: bool = False
    empty: Empty = ""
    lost_epsilon: bool = False


@dataclass(frozen=True)
class LossLook:
    """One term of the loss, recomputed by itself.

    Attributes:
        output: the output's name, or "" when there is only one.
        kind: the loss's class or function name.
        custom: whether it is the user's own.
        value: its value over the batch.
        rows: positions in the batch of the rows whose own loss is not finite.
    """

    output: str
    kind: str
    custom: bool
    value: float
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class ErrorLook:
    """What `fit` raised.

    Attributes:
        kind: the exception's class name.
        message: its text, in full.
        source_line, code: the innermost line of the user's own code that it came through.
        stage: where it came up: "step", "pipeline" (reading the data) or "validation".
    """

    kind: str
    message: str
    source_line: str = ""
    code: str = ""
    stage: ErrorStage = "step"
