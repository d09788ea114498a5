"""Safe forms of mathematical functions: logarithms, divisions, roots, powers, softmaxes.

Each takes a function, or an operator of tensors, and makes one that is finite where that is not,
has a finite slope there, and is the same elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

Function = Callable[..., Any]
Make = Callable[[Function], Function]
"""Makes the safe form of a function out of the function."""

MOST_EXPONENT = 20.0
"""exp of this is 5e8: products of a few such numbers are finite in single precision."""
FLOOR = 1e-2
"""What an output that means something positive, a variance or a rate, is kept above."""
JITTER = 1e-3
"""What is added to the diagonal of a matrix that may be singular."""
MASKED = -1e4
"""A score that softmax makes 0 of, in half precision too."""


def log(original: Function) -> Function:
    """A logarithm of what is at least a little above its limit."""
    return lambda x, *args, **kw: original(tf.maximum(x, _tiny(x)), *args, **kw)


def positive_log(original: Function) -> Function:
    """A logarithm of what is well above 0."""
    return lambda x, *args, **kw: original(_floored(x), *args, **kw)


def positive_divide(original: Function) -> Function:
    """A division by what is well above 0, such as a variance."""
    return lambda a, b, *args, **kw: original(a, _floored(b), *args, **kw)


def positive_divide_into(original: Function) -> Function:
    """The reflected operator: its first operand is the divisor."""
    return lambda b, a: original(_floored(b), a)


def log1p(original: Function) -> Function:
    """log(1 + x) of what is at least a little above -1."""
    return lambda x, *args, **kw: original(tf.maximum(x, _tiny(x) - 1), *args, **kw)


def divide(original: Function) -> Function:
    """A division that is 0 where the divisor is."""
    return lambda a, b, *args, **kw: _quotient(original, a, b, *args, **kw)


def divide_into(original: Function) -> Function:
    """The reflected operator: its first operand is the divisor."""
    return lambda b, a: _quotient(lambda top, bottom: original(bottom, top), a, b)


def reciprocal(original: Function) -> Function:
    """A reciprocal that is 0 at 0."""
    return lambda x, *_, **__: _quotient(lambda _, b: original(b), 1.0, x)


def reciprocal_root(original: Function) -> Function:
    """The reciprocal of the root of what is at least a little above 0."""
    return lambda x, *args, **kw: original(tf.maximum(x, _tiny(x)), *args, **kw)


def negative_power(original: Function) -> Function:
    """A power below 0, a quotient too, that is 0 at 0."""

    def safe(x: Any, exponent: Any, *args: Any, **kw: Any) -> Any:
        if isinstance(exponent, int | float) and exponent < 0:
            return _quotient(lambda _, b: original(b, exponent, *args, **kw), 1.0, x)
        return original(x, exponent, *args, **kw)

    return safe


def root(original: Function) -> Function:
    """A root of what is at least a little above 0, where its slope is finite."""
    return lambda x, *args, **kw: original(tf.maximum(x, _tiny(x) ** 2), *args, **kw)


def spread(original: Function) -> Function:
    """A standard deviation or norm whose slope is finite at 0."""

    def safe(x: Any, *args: Any, **kw: Any) -> Any:
        value = original(x, *args, **kw)
        spread = original(x + _ramp(x), *args, **kw)
        return tf.where(value <= _tiny(value), tf.zeros_like(value), spread)

    return safe


def fractional_power(original: Function) -> Function:
    """A power below 1 of what is at least a little above 0."""

    def safe(x: Any, exponent: Any, *args: Any, **kw: Any) -> Any:
        fraction = isinstance(exponent, float) and not exponent.is_integer()
        return original(tf.maximum(x, _tiny(x) ** 2) if fraction else x, exponent, *args, **kw)

    return safe


def large_power(original: Function) -> Function:
    """A power of what is small enough for it."""

    def safe(x: Any, exponent: Any, *args: Any, **kw: Any) -> Any:
        if isinstance(exponent, int | float) and exponent > 1 and is_float(x):
            limit = 10.0 ** (30.0 / exponent)
            x = tf.clip_by_value(x, -limit, limit)
        return original(x, exponent, *args, **kw)

    return safe


def exponential(original: Function) -> Function:
    """An exponential of what is small enough for it."""
    limit = MOST_EXPONENT
    return lambda x, *args, **kw: original(tf.clip_by_value(x, -limit, limit), *args, **kw)


def exponential_of(original: Function) -> Function:
    """The reflected power, a number to the power of `x`, of what is small enough for it."""
    limit = MOST_EXPONENT
    return lambda x, base: original(tf.clip_by_value(x, -limit, limit), base)


def inside_one(original: Function) -> Function:
    """An inverse sine, cosine or tangent away from -1 and 1, where its slope is finite."""
    return lambda x, *args, **kw: original(tf.clip_by_value(x, -0.99999, 0.99999), *args, **kw)


def above_one(original: Function) -> Function:
    """An inverse hyperbolic cosine of what is above 1, where its slope is finite."""
    return lambda x, *args, **kw: original(tf.maximum(x, 1.00001), *args, **kw)


def angle(original: Function) -> Function:
    """The angle of a point that is not the origin."""
    return lambda y, x, *args, **kw: original(
        y, tf.where(tf.abs(x) + tf.abs(y) <= _tiny(x), tf.ones_like(x), x), *args, **kw
    )


def factored(original: Function) -> Function:
    """A factorisation or determinant of matrices with a little added to their diagonal."""

    def safe(x: Any, *args: Any, **kw: Any) -> Any:
        eye = tf.eye(tf.shape(x)[-1], dtype=x.dtype)
        return original(x + tf.cast(JITTER, x.dtype) * eye, *args, **kw)

    return safe


def mean(original: Function) -> Function:
    """A mean that is 0 over nothing."""

    def safe(x: Any, *args: Any, **kw: Any) -> Any:
        value = original(x, *args, **kw)
        return tf.where(tf.equal(tf.size(x), 0), tf.zeros_like(value), value)

    return safe


def softmax(original: Function) -> Function:
    """A softmax that shares evenly among entries that are all masked."""
    return lambda x, *args, **kw: original(tf.maximum(x, tf.cast(MASKED, x.dtype)), *args, **kw)


MATRICES: dict[str, Make] = dict.fromkeys(
    ("cholesky", "logdet", "slogdet", "det", "inv", "matrix_inverse"), factored
)


def let_through(_: Function) -> Function:
    """The value as it came, in place of one that has no slope."""
    return lambda x, *_, **__: x


LOGARITHMS: dict[str, Make] = {
    **dict.fromkeys(("log", "log2", "log10"), log),
    "log1p": log1p,
    **dict.fromkeys(("arctanh", "atanh", "erfinv"), inside_one),
    **MATRICES,
}
DIVISIONS: dict[str, Make] = {
    **dict.fromkeys(("divide", "true_divide", "truediv", "realdiv", "__truediv__"), divide),
    "__rtruediv__": divide_into,
    "reciprocal": reciprocal,
    "rsqrt": reciprocal_root,
    **dict.fromkeys(("pow", "power", "__pow__"), negative_power),
    **MATRICES,
}
POSITIVE: dict[str, Make] = {
    **dict.fromkeys(("log", "log2", "log10"), positive_log),
    **dict.fromkeys(("divide", "true_divide", "truediv", "__truediv__"), positive_divide),
    "__rtruediv__": positive_divide_into,
}
ROOTS: dict[str, Make] = {
    "sqrt": root,
    **dict.fromkeys(("norm", "std", "reduce_std", "reduce_euclidean_norm"), spread),
    **dict.fromkeys(("pow", "power", "__pow__"), fractional_power),
    **dict.fromkeys(("arccos", "arcsin", "acos", "asin"), inside_one),
    **dict.fromkeys(("arccosh", "acosh"), above_one),
    **dict.fromkeys(("arctan2", "atan2"), angle),
    "rsqrt": reciprocal_root,
}
POWERS: dict[str, Make] = {
    **dict.fromkeys(("exp", "expm1", "cosh", "sinh", "exponential"), exponential),
    **dict.fromkeys(("pow", "power", "__pow__"), large_power),
    "__rpow__": exponential_of,
}
MEANS: dict[str, Make] = {**DIVISIONS, "mean": mean, "reduce_mean": mean}
STOPS: dict[str, Make] = dict.fromkeys(
    ("stop_gradient", "round", "rint", "floor", "ceil", "sign"), let_through
)
SOFTMAXES: dict[str, Make] = {
    **DIVISIONS,
    **dict.fromkeys(("softmax", "log_softmax", "logsumexp", "reduce_logsumexp"), softmax),
}


def _quotient(original: Function, a: Any, b: Any, *args: Any, **kw: Any) -> Any:
    if not is_float(b):
        return original(a, b, *args, **kw)
    zero = tf.abs(b) <= _tiny(b)
    quotient = original(a, tf.where(zero, tf.ones_like(b), b), *args, **kw)
    return tf.where(zero, tf.zeros_like(quotient), quotient)


def _floored(x: Any) -> Any:
    return tf.maximum(x, tf.cast(FLOOR, x.dtype)) if is_float(x) else x


def _tiny(x: Any) -> Any:
    """A number near 0 that the type of `x` holds well."""
    dtype = tf.convert_to_tensor(x).dtype
    return tf.cast(1e-3 if dtype == tf.float16 else 1e-7, dtype)


def _ramp(x: Any) -> Any:
    """Small numbers that differ, in the shape of `x`."""
    return tf.reshape(tf.cast(tf.linspace(1e-4, 2e-4, tf.size(x)), x.dtype), tf.shape(x))


def is_float(x: Any) -> bool:
    """Whether something is a tensor of floating-point numbers."""
    return bool(tf.is_tensor(x) and x.dtype.is_floating)
