"""An exponential or a power that overflows in a loss of the user's own."""

from __future__ import annotations

from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Testimony
from nanwatch.diagnosis.examples import CURED, failed
from nanwatch.diagnosis.operation_examples import in_layer, in_loss
from nanwatch.diagnosis.operations import SLOWER, overflow_clues, weigh_fault

FAST = {"class": "SGD", "learning_rate": 5.0, "config": {}}


def weigh(case: Case) -> Testimony | None:
    """The first bad value is an exponential or power of what is too large, out of a calm."""
    more = overflow_clues(case)
    return weigh_fault(case, "power", "loss", "safe_exp", more=more, also_try=SLOWER)


PAGE = CausePage(
    label="custom_loss_overflow",
    title="An exponential or power that overflows in your loss",
    why=(
        "exp(x) is infinite above x = 88.7 in single precision. An output without "
        "bounds, a log-variance or a score times a temperature gets there in one "
        "unlucky batch; then inf - inf, inf / inf and 0 * inf are NaN."
    ),
    remedy=(
        "Rewrite with logsumexp, softplus or log_softmax; clip what goes into exp; "
        "bound the output that it takes."
    ),
    before=(
        "def loss(y_true, y_pred):\n"
        "    log_sum = ops.log(1.0 + ops.exp(y_pred))\n"
        "    return ops.mean(log_sum - y_true * y_pred)"
    ),
    after="def loss(y_true, y_pred):\n    return ops.mean(ops.softplus(y_pred) - y_true * y_pred)",
    weigh=weigh,
    fires=(
        in_loss("Exp", -3.0, 120.0),
        in_loss("Pow", -2e10, 3e10, infinite=True, losses=(), safe_exp=CURED),
    ),
    quiet=(
        failed(),
        in_layer("Exp", 0.0, 99.0),
        in_loss("Exp", 0.0, 400.0, losses=(1.0, 1e4, 1e12), optimizer=FAST, lower_rate=CURED),
    ),
)
