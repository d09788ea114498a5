"""What is said of an operation at fault by its family, in a layer or in a loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Family = Literal["logarithm", "division", "root", "power"]

SAYS: Mapping[Family, str] = {
    "logarithm": "takes the logarithm of {span}",
    "division": "divides by {span}",
    "root": "takes a root, a norm or the like of {span}",
    "power": "raises {span} to more than single precision holds",
}
"""What it did, as a sentence goes on after "file.py:12 "; "{span}" is the range of what went in."""

SAFE: Mapping[Family, str] = {
    "logarithm": "Keep the argument above 0 before the logarithm.\n+ ops.log(ops.maximum(x, 1e-7))",
    "division": (
        "Divide so that 0 / 0 is 0, or keep the divisor away from 0.\n"
        "+ ops.divide_no_nan(a, b)  # or a / ops.maximum(b, 1e-7), ops.maximum(b, 1e-7) ** -0.5"
    ),
    "root": (
        "Keep the argument away from 0, where the slope is infinite.\n"
        "+ ops.sqrt(ops.maximum(x, 1e-12))  # or ops.sqrt(x + 1e-12)"
    ),
    "power": (
        "Use a form that does not overflow, or limit the exponent.\n"
        "+ ops.softplus(x)  # for log(1 + exp(x)); ops.logsumexp(x) for log(sum(exp(x)))\n"
        "+ ops.exp(ops.minimum(x, 20.0))"
    ),
}
"""What to do, in the first line, and code that does the same safely."""

POSITIVE = (
    "Make the value positive once, before all that is done with it: what follows the logarithm "
    "divides by it or relies on its sign.\n"
    "+ x = ops.softplus(x) + 1e-3"
)
"""The same where a safe logarithm alone is not enough."""
