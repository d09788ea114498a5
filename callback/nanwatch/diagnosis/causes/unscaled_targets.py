"""A regression target far from unit scale."""

from __future__ import annotations

from nanwatch.diagnosis import clues, words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import CURED, FAILED, failed, table
from nanwatch.diagnosis.scale import BOTH, FAR, measured, scale_clue, scale_of, scaling
from nanwatch.diagnosis.silent import DIVERGING, NOT_LEARNING, does_not_learn
from nanwatch.diagnosis.silent_examples import idle
from nanwatch.events import Fix

LARGE = 20.0
"""A target of a smaller scale is learnt at a usual rate."""
FIX = Fix(
    "Train on a standardised target and undo it when predicting.",
    "mean, std = y_train.mean(), y_train.std()\nmodel.fit(x_train, (y_train - mean) / std)\n"
    "y_pred = model.predict(x) * std + mean",
)


def weigh(case: Case) -> Testimony | None:
    """Measured targets of a large scale."""
    look = max(measured(case, "target"), key=scale_of, default=None)
    if look is None or scale_of(look) < LARGE:
        return None
    summary = (
        f"The target lies between {words.number(look.low)} and {words.number(look.high)}. The "
        "first errors are as large as that, and so are the gradients that the first steps follow."
    )
    found = [
        scale_clue(look, "scale of the target", 2.5 if does_not_learn(case) else 4.0),
        _inputs(case),
        *([] if does_not_learn(case) else [clues.grew(case)]),
        clues.data_finite(case),
    ]
    remedy = scaling(case, "scale_targets")
    return Testimony(summary, found, FIX, {"output": look.name}, remedy, (BOTH,))


def _inputs(case: Case) -> Clue:
    scale = max((scale_of(look) for look in measured(case, "input")), default=1.0)
    weight = -1.0 if scale >= FAR else 0.5
    return Clue(weight, "scale of the inputs", words.number(scale), "about 1")


PAGE = CausePage(
    label="unscaled_targets",
    title="A regression target that is not scaled",
    why=(
        "The gradient of a squared error grows with the error. Against a target in the hundreds "
        "of thousands the first steps are huge: SGD diverges, and Adam needs thousands of steps "
        "to get near."
    ),
    remedy="Standardise the target, or train on its logarithm when it spans decades.",
    before='model.compile("sgd", "mse")\nmodel.fit(x, price)',
    after='model.compile("sgd", "mse")\nmodel.fit(x, (price - price.mean()) / price.std())',
    weigh=weigh,
    fires=(
        failed(table(), table("target", scale=5e5), losses=(2e11, 1e20, 1e30)),
        failed(
            table(scale=8.0),
            table("target", scale=1e4),
            losses=(1e8, 1e12, 1e20),
            scale_targets=CURED,
            scale_inputs=FAILED,
        ),
        idle(table(), table("target", scale=1e5), scale_targets=0.2),
    ),
    quiet=(
        failed(losses=(1.0, 1e5, 1e12)),
        idle(table(), table("target", scale=1e5), scale_targets=1.0),
    ),
    symptoms=DIVERGING | NOT_LEARNING,
)
