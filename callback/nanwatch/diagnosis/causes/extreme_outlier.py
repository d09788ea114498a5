"""A finite but absurd value in few rows: a sentinel, a wrong unit, a slipped decimal point."""

from __future__ import annotations

from dataclasses import replace

from nanwatch.diagnosis import clues, words
from nanwatch.diagnosis.bad_cells import ROLE_WORDS
from nanwatch.diagnosis.case import Autopsy, Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import CURED, FAILED, failed, predicted, table, weights
from nanwatch.diagnosis.looks import ArrayLook, LayerLook
from nanwatch.diagnosis.scale import measured, measured_in_data
from nanwatch.events import Fix, Symptom

SYMPTOMS: frozenset[Symptom] = frozenset(
    {"nan_loss", "exploding_loss", "loss_spike", "huge_loss", "oscillating", "underfit"}
)
OF_THE_RUN: frozenset[Symptom] = frozenset({"huge_loss", "oscillating", "underfit"})
"""Symptoms of a whole run, which many other things bring about as well."""
OF_A_BATCH: frozenset[Symptom] = frozenset({"nan_loss", "exploding_loss", "loss_spike"})
MADE_ABSURD = 1000.0
"""A batch whose loss is this many times that of the first one, with the same weights."""
INSIDE = Fix(
    "Find out what these rows become in the model: a statistic that was adapted on other data, a "
    "division by a spread of nearly 0, an exponential. Adapt it on all data, or bound its result.",
    "normalize.adapt(x_train)  # all of it\nx = keras.ops.clip(normalize(x), -10, 10)",
)
SURGE = 10.0
"""A gradient this many times the usual stands out."""


def weigh(case: Case) -> Testimony | None:
    """Cells of this batch, or of the data set, absurdly far from all others of their column."""
    batch = [*measured(case, "input"), *measured(case, "target")]
    in_batch = [look for look in batch if look.outliers and case.autopsy]
    in_data = [look for look in measured_in_data(case) if look.outliers]
    look = next(iter(in_batch or in_data), None)
    if look is None:
        return _inside(case)
    what = f"cells of {look.name} far from the others of their column"
    seen = f"{words.number(extreme(look))} in {words.places('row', look.outliers)}"
    weight = 1.0 if case.symptom in OF_THE_RUN else 3.5 if in_batch else 2.5
    found = [Clue(weight, what, seen, "none", False), clues.data_finite(case), _surge(case)]
    if case.symptom == "nan_loss":
        found += [clues.calm(case), clues.weights_were_finite(case)]
    where = _where(look, bool(in_batch) or case.first_step is None)  # None: all is one batch
    return Testimony(_summary(look, bool(in_batch)), found, _fix(look), where, "drop_outliers")


def _inside(case: Case) -> Testimony | None:
    """Rows that only become absurd in the model: a division by a spread of nearly 0, an exp.

    With the weights of the beginning this batch is as bad already, so no step is to blame.
    """
    begun, start = case.beginning, case.history.start
    if begun is None or case.symptom not in OF_A_BATCH or not begun.loss > MADE_ABSURD * start > 0:
        return None
    look = max(begun.predictions, key=lambda one: one.largest, default=None)
    swells = (one for one in begun.layers if one.largest > MADE_ABSURD * one.input_largest)
    layer = next(swells, None)
    if look is None or not (layer or look.outliers):
        return None
    seen = f"{words.number(begun.loss)}, {words.number(begun.loss / start)} times the first one's"
    clue = Clue(4.5, "loss of this batch with the first weights", seen, "about the same", False)
    found = [clue, clues.data_finite(case)]
    return Testimony(_swollen(look, layer), found, INSIDE, _place(look, layer), "drop_outliers")


def _swollen(look: ArrayLook, layer: LayerLook | None) -> str:
    rows = words.places("row", look.outliers) if look.outliers else "some rows"
    maker = f": layer {layer.name} makes {words.number(layer.largest)} of them" if layer else ""
    return (
        f"For {rows} of this batch the model says {words.number(look.largest)} even with the "
        f"weights of the beginning{maker}. Their gradient throws the weights far off."
    )


def _place(look: ArrayLook, layer: LayerLook | None) -> dict[str, object]:
    place: dict[str, object] = {"layer": layer.name} if layer else {}
    return {"rows": sorted(look.outliers), **place} if look.outliers else place


def extreme(look: ArrayLook) -> float:
    """The end of the range that lies farther from the mean of the rest."""
    return look.high if look.high - look.mean > look.mean - look.low else look.low


def _surge(case: Case) -> Clue:
    """The gradient of such a row stands out as well."""
    norms = sorted(norm for norm in case.history.grad_norm[:-1] if norm > 0)
    check, expected = "gradient of the batch", "as large as usual"
    if len(norms) < 3 or case.symptom == "exploding_loss":
        return Clue(0.0, check, "not known", expected)
    now = (case.autopsy.gradient_norm if case.autopsy else 0.0) or case.history.grad_norm[-1]
    if not now > 0:
        return Clue(0.0, check, "not known", expected)
    times = now / norms[len(norms) // 2]
    borne = -2.5 if case.symptom == "loss_spike" else -1.0  # as by a loss made for outliers
    weight = 1.5 if times > SURGE else borne if times < 2 else 0.0
    return Clue(weight, check, f"{words.number(times)} times the usual", expected, times < SURGE)


def _summary(look: ArrayLook, in_batch: bool) -> str:
    rows = words.places("row", look.outliers)
    whose = "of the batch" if in_batch else "of the data set"
    samples = (
        f" (data set {words.places('row', look.samples)})" if in_batch and look.samples else ""
    )
    return (
        f"The {ROLE_WORDS[look.role]} hold a value that cannot be meant, "
        f"{words.number(extreme(look))}, in {rows} {whose}{samples}. Its gradient outweighs that "
        "of all other rows together and throws the weights far off."
    )


def _fix(look: ArrayLook) -> Fix:
    name, value = ("x" if look.role == "input" else "y"), words.number(extreme(look))
    limit = f"{abs(extreme(look)) / 2:.3g}"
    return Fix(
        f"Find out what {value} stands for - a missing value, another unit - and drop or repair "
        "these rows.",
        f"good = (np.abs({name}) < {limit}).reshape(len({name}), -1).all(axis=1)\n"
        "model.fit(x[good], y[good])",
    )


def _where(look: ArrayLook, in_batch: bool) -> dict[str, object]:
    rows = {"rows": sorted(look.outliers)} if in_batch else {}
    samples = {"samples": sorted(look.samples)} if look.samples else {}
    return {**rows, "input" if look.role == "input" else "output": look.name, **samples}


ABSURD = table(outliers=(3,), high=1e9, std=1e8, mean=3e7)
LOUD = {"variables": weights(gradient_norm=1e9)}

SWOLLEN = replace(
    failed(losses=(1.0, 0.9, 1e12)),
    beginning=Autopsy(loss=1e12, predictions=(predicted(-1.0, 1e6, outliers=(3,)),)),
)

PAGE = CausePage(
    label="extreme_outlier",
    title="A finite but absurd value in few rows",
    why=(
        "-999 for a missing value, grams among kilograms, a slipped decimal point: the value is a "
        "number, so nothing complains. Its squared error and its gradient are a million times "
        "those of an ordinary row, and one such batch undoes all that was learnt."
    ),
    remedy=(
        "Look at the smallest and the largest value of every column. Turn sentinels into missing "
        "values and treat them as such; clip what remains."
    ),
    before='table = pandas.read_csv("measurements.csv")',
    after='table = pandas.read_csv("measurements.csv", na_values=[-999, 9999])',
    weigh=weigh,
    fires=(
        failed(ABSURD, table("target"), autopsy=LOUD, grad_norms=(1.0, 1.1, 0.9, 1e9)),
        failed(table(), table("target", outliers=(1, 2), low=-999.0), drop_outliers=CURED),
        SWOLLEN,
    ),
    quiet=(
        failed(table(scale=200.0), table("target"), losses=(1.0, 1e5, 1e12)),
        replace(SWOLLEN, beginning=Autopsy(loss=2.0, predictions=(predicted(-1.0, 1.0),))),
        failed(
            ABSURD,
            table("target"),
            losses=(1.0, 1e5, 1e12),
            autopsy={"variables": weights(gradient_norm=1.0)},
            grad_norms=(1.0, 1.1, 0.9, 1.0),
            drop_outliers=FAILED,
        ),
    ),
    symptoms=SYMPTOMS,
)
