"""Input columns far from unit scale."""

from __future__ import annotations

import math

from nanwatch.diagnosis import clues, words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import CURED, FAILED, failed, table
from nanwatch.diagnosis.looks import ArrayLook, ColumnLook
from nanwatch.diagnosis.scale import (
    BOTH,
    FAR,
    NORMALIZERS,
    has_layer,
    measured,
    scale_clue,
    scale_of,
    scaling,
)
from nanwatch.diagnosis.silent import DIVERGING, NOT_LEARNING, does_not_learn
from nanwatch.diagnosis.silent_examples import idle
from nanwatch.events import Fix

FIX = Fix(
    "Bring every input column to mean 0 and spread 1, as a layer that travels with the model.",
    "normalize = keras.layers.Normalization()\nnormalize.adapt(x_train)\n"
    "model = keras.Sequential([normalize, *model.layers])",
)

FIX_BOTH = Fix(
    "Bring the input columns and the target to mean 0 and spread 1; either alone is not enough.",
    f"{FIX.code}\nmodel.fit(x_train, (y_train - y_train.mean()) / y_train.std())",
)


def weigh(case: Case) -> Testimony | None:
    """Inputs of a large scale that reach the first weights as they are."""
    look = max(measured(case, "input"), key=scale_of, default=None)
    if look is None or scale_of(look) < FAR:
        return None
    found = [
        scale_clue(look, "column scale of the inputs", 2.5 if does_not_learn(case) else 4.0),
        *([] if does_not_learn(case) else [clues.grew(case)]),
        clues.data_finite(case),
        _normalized(case),
    ]
    columns = [column for column in look.wide if _scale(column) >= FAR]
    remedy = scaling(case, "scale_inputs")
    fix = FIX if remedy == "scale_inputs" else FIX_BOTH
    return Testimony(_summary(look, columns), found, fix, _where(look, columns), remedy, (BOTH,))


def _normalized(case: Case) -> Clue:
    found = has_layer(case, NORMALIZERS)
    seen = "there is one" if found else "none"
    return Clue(
        -3.0 if found else 0.5, "normalising layer in the model", seen, "one, or scaled data"
    )


def _scale(column: ColumnLook) -> float:
    return max(abs(column.mean), column.std)


def _summary(look: ArrayLook, columns: list[ColumnLook]) -> str:
    named = ", ".join(
        f"{words.column_title(c)} {words.number(c.low)} to {words.number(c.high)}"
        for c in columns[:3]
    )
    reach = f"up to {words.number(look.largest)}"
    return (
        f"The inputs reach the model unscaled ({named or reach}). The steepest slope of the loss "
        "grows with the square of that scale, so a usual rate overshoots further each step."
    )


def _where(look: ArrayLook, columns: list[ColumnLook]) -> dict[str, object]:
    place: dict[str, object] = {"input": look.name, "columns": sorted(c.index for c in columns)}
    if any(column.name for column in columns):
        ordered = sorted(columns, key=lambda column: column.index)
        place["column_names"] = [column.name for column in ordered]
    return place


PAGE = CausePage(
    label="unscaled_features",
    title="Inputs that are not scaled",
    why=(
        "The slope of the loss grows with the inputs, its curvature with their square. At inputs "
        "around 200 a learning rate of 0.01 is ten thousand times too large for some directions: "
        "each step overshoots the minimum by more than it came from."
    ),
    remedy="Standardise the inputs. A lower learning rate alone makes the other columns crawl.",
    before="x, y = load_diabetes(return_X_y=True, scaled=False)\nmodel.fit(x, y)",
    after="x = (x - x.mean(axis=0)) / x.std(axis=0)\nmodel.fit(x, y)",
    weigh=weigh,
    fires=(
        failed(table(scale=200.0), table("target"), losses=(3e4, 1e10, math.inf)),
        failed(
            table(scale=90.0),
            table("target", scale=150.0),
            losses=(3e4, 1e9, 1e15),
            scale_inputs=CURED,
            scale_targets=FAILED,
        ),
        idle(table(scale=200.0), table("target"), scale_inputs=0.4),
    ),
    symptoms=DIVERGING | NOT_LEARNING,
    quiet=(
        idle(table(scale=200.0), table("target"), scale_inputs=1.0),
        failed(losses=(1.0, 1e5, 1e12)),
        failed(
            table(scale=200.0),
            losses=(1.0, 0.9, 0.8),
            facts={"model": {"layers": [{"class": "Normalization"}]}},
        ),
    ),
)
