"""An exponential or a power that overflows inside a layer."""

from __future__ import annotations

from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Testimony
from nanwatch.diagnosis.examples import CURED, failed
from nanwatch.diagnosis.operation_examples import in_layer, in_loss
from nanwatch.diagnosis.operations import SLOWER, overflow_clues, weigh_fault

SAFE = (
    "Use a form that does not overflow, or limit the exponent.\n"
    "+ ops.softmax(x)  # or ops.softplus(x), ops.logsumexp(x)\n"
    "+ ops.exp(ops.minimum(x, 20.0))"
)
FAST = {"class": "SGD", "learning_rate": 5.0, "config": {}}


def weigh(case: Case) -> Testimony | None:
    """The first bad value is an exponential or power of what is too large, made inside a layer."""
    more = overflow_clues(case)
    return weigh_fault(case, "power", "layer", "safe_exp", safe=SAFE, more=more, also_try=SLOWER)


PAGE = CausePage(
    label="layer_exp_overflow",
    title="An exponential or power that overflows in a layer",
    why=(
        "exp(x) is infinite above x = 88.7 in single precision. A softmax written out "
        "by hand, a log-variance that is turned into a variance or an exponential "
        "activation gets there with one large input; then inf / inf is NaN."
    ),
    remedy=(
        "Use softmax, softplus or logsumexp, which subtract the maximum first, or clip "
        "the exponent."
    ),
    before="layers.Lambda(lambda x: ops.exp(x) / ops.sum(ops.exp(x), axis=-1, keepdims=True))",
    after="layers.Softmax()  # or ops.softmax(x)",
    weigh=weigh,
    fires=(in_layer("Exp", -3.0, 120.0), in_layer("Exp", 0.0, 89.0, losses=(), safe_exp=CURED)),
    quiet=(
        failed(),
        in_loss("Exp", 0.0, 99.0),
        in_layer("Exp", 0.0, 400.0, losses=(1.0, 1e4, 1e12), optimizer=FAST, lower_rate=CURED),
    ),
)
