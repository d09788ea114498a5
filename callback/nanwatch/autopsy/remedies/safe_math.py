"""Mathematics in the user's own code made safe: logarithms, divisions, roots, powers, softmaxes.

While a replay is traced, the functions of keras.ops and TensorFlow and the operators of tensors
are replaced by safe forms, for calls from the user's own code. They are replaced wherever the
user's modules and layers hold them, since `from keras.ops import log` keeps a name of its own.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any

import keras
import tensorflow as tf

from nanwatch.autopsy.code_lines import is_own
from nanwatch.autopsy.remedies.remedy import Remedy, of_model
from nanwatch.recorder.patching import Patch, patched

Function = Callable[..., Any]
Make = Callable[[Function], Function]
"""Makes the safe form of a function out of the function."""

MOST_EXPONENT = 20.0
FLOOR = 1e-2
"""What an output that means something positive, a variance or a rate, is kept above."""
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
        if isinstance(exponent, int | float) and exponent > 1 and _is_float(x):
            limit = 10.0 ** (30.0 / exponent)
            x = tf.clip_by_value(x, -limit, limit)
        return original(x, exponent, *args, **kw)

    return safe


def exponential(original: Function) -> Function:
    """An exponential of what is small enough for it."""
    limit = MOST_EXPONENT
    return lambda x, *args, **kw: original(tf.clip_by_value(x, -limit, limit), *args, **kw)


def inside_one(original: Function) -> Function:
    """An inverse sine or cosine away from -1 and 1, where its slope is finite."""
    return lambda x, *args, **kw: original(tf.clip_by_value(x, -0.99999, 0.99999), *args, **kw)


def mean(original: Function) -> Function:
    """A mean that is 0 over nothing."""

    def safe(x: Any, *args: Any, **kw: Any) -> Any:
        value = original(x, *args, **kw)
        return tf.where(tf.equal(tf.size(x), 0), tf.zeros_like(value), value)

    return safe


def softmax(original: Function) -> Function:
    """A softmax that shares evenly among entries that are all masked."""
    return lambda x, *args, **kw: original(tf.maximum(x, tf.cast(MASKED, x.dtype)), *args, **kw)


LOGARITHMS: dict[str, Make] = {"log": log, "log2": log, "log10": log, "log1p": log1p}
DIVISIONS: dict[str, Make] = {
    **dict.fromkeys(("divide", "true_divide", "truediv", "realdiv", "__truediv__"), divide),
    "__rtruediv__": divide_into,
    **dict.fromkeys(("reciprocal", "rsqrt"), reciprocal),
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
}
POWERS: dict[str, Make] = {
    **dict.fromkeys(("exp", "expm1", "cosh", "sinh", "exponential"), exponential),
    **dict.fromkeys(("pow", "power", "__pow__"), large_power),
}
MEANS: dict[str, Make] = {**DIVISIONS, "mean": mean, "reduce_mean": mean}
SOFTMAXES: dict[str, Make] = {
    **DIVISIONS,
    **dict.fromkeys(("softmax", "log_softmax", "logsumexp", "reduce_logsumexp"), softmax),
}


@contextlib.contextmanager
def safe(forms: dict[str, Make], model: Any) -> Iterator[None]:
    """A block in which the user's code, and the model's layers, compute with safe forms."""
    replaced = dict(_replacements(forms))
    operators = [(tf.Tensor, name, _for_own(make)) for name, make in forms.items() if _dunder(name)]
    held = [
        (owner, name, _always(replaced[id(value)]))
        for owner in [*_modules(), *model._flatten_layers()]
        for name, value in list(vars(owner).items())
        if id(value) in replaced
    ]
    functions: Patch = (type(tf.function(lambda: None)), "__call__", _inlined)
    bare = [(o, "call", forms[n]) for o, n in _bare_operations(model) if n in forms]
    with patched([*operators, *held, *bare, functions]):
        yield


def _replacements(forms: dict[str, Make]) -> Iterator[tuple[int, Function]]:
    """The identity of every function that has a safe form, and that form."""
    for module in _libraries():
        for name, make in forms.items():
            function = None if _dunder(name) else getattr(module, name, None)
            if function is not None:
                yield id(function), _for_own(make)(function)


def _libraries() -> list[Any]:
    """Where users find functions."""
    return [keras.ops, keras.activations, tf, tf.math, tf.linalg, tf.nn, tf.keras.backend]


def _modules() -> Iterable[Any]:
    """Every module in which a name may stand for such a function."""
    own = [module for module in list(sys.modules.values()) if _is_own_module(module)]
    return {id(module): module for module in (*_libraries(), *own)}.values()


def _is_own_module(module: Any) -> bool:
    if not isinstance(module, ModuleType):
        return False
    file = getattr(module, "__file__", None)
    return module.__name__ == "__main__" or (isinstance(file, str) and is_own(file))


def _for_own(make: Make) -> Make:
    """The safe form for calls from the user's own code and from layers, as it is for others."""

    def both(original: Function) -> Function:
        guarded = make(original)

        @functools.wraps(original)
        def call(*args: Any, **kw: Any) -> Any:
            caller = sys._getframe(1).f_code
            own = is_own(caller.co_filename) or caller.co_name == "call"
            computes = own and bool(args) and all(map(_is_number, args[:1]))
            return guarded(*args, **kw) if computes else original(*args, **kw)

        return call

    return both


def _bare_operations(model: Any) -> Iterator[tuple[Any, str]]:
    """Operations in the graph of a functional model, by the names of their functions."""
    for operation in getattr(model, "operations", ()):
        if not isinstance(operation, keras.layers.Layer):
            yield operation, type(operation).__name__.lower()


def _inlined(original: Function) -> Function:
    """A function of a graph traced anew within another one: its own trace is older than we are."""

    def call(function: Any, *args: Any, **kw: Any) -> Any:
        if tf.executing_eagerly():
            return original(function, *args, **kw)
        return function.python_function(*args, **kw)

    return call


def _quotient(original: Function, a: Any, b: Any, *args: Any, **kw: Any) -> Any:
    if not _is_float(b):
        return original(a, b, *args, **kw)
    zero = tf.abs(b) <= _tiny(b)
    quotient = original(a, tf.where(zero, tf.ones_like(b), b), *args, **kw)
    return tf.where(zero, tf.zeros_like(quotient), quotient)


def _floored(x: Any) -> Any:
    return tf.maximum(x, tf.cast(FLOOR, x.dtype)) if _is_float(x) else x


def _tiny(x: Any) -> Any:
    """A number near 0 that the type of `x` holds well."""
    dtype = tf.convert_to_tensor(x).dtype
    return tf.cast(1e-3 if dtype == tf.float16 else 1e-7, dtype)


def _ramp(x: Any) -> Any:
    """Small numbers that differ, in the shape of `x`."""
    return tf.reshape(tf.cast(tf.linspace(1e-4, 2e-4, tf.size(x)), x.dtype), tf.shape(x))


def _is_float(x: Any) -> bool:
    return bool(tf.is_tensor(x) and x.dtype.is_floating)


def _is_number(x: Any) -> bool:
    return _is_float(x) or isinstance(x, int | float)


def _always(value: Any) -> Callable[[Any], Any]:
    return lambda _: value


def _dunder(name: str) -> bool:
    return name.startswith("__")


def _remedy(name: str, words: str, forms: dict[str, Make]) -> Remedy:
    return Remedy(name, words, settings=of_model(functools.partial(safe, forms)))


REMEDIES = (
    _remedy("safe_log", "logarithms of what is above 0", LOGARITHMS),
    _remedy("positive", "logarithms and divisors of at least 0.01", POSITIVE),
    _remedy("safe_division", "divisions that are 0 where the divisor is", DIVISIONS),
    _remedy("safe_root", "roots of what is above 0", ROOTS),
    _remedy("safe_exp", "exponents up to 20", POWERS),
    _remedy("safe_mean", "means that are 0 over nothing", MEANS),
    _remedy("safe_softmax", "softmaxes that bear a masked row", SOFTMAXES),
)
