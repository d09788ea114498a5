"""Mathematics in the user's own code made safe: logarithms, divisions, roots, powers, softmaxes.

While a replay is traced, the functions of keras.ops and TensorFlow and the operators of tensors
are replaced by safe forms, for calls from the user's own code. They are replaced wherever the
user's modules and layers hold them, since `from keras.ops import log` keeps a name of its own.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

import keras
import tensorflow as tf

from nanwatch.autopsy.code_lines import is_own
from nanwatch.autopsy.remedies.remedy import Remedy, of_model
from nanwatch.autopsy.remedies.safe_forms import (
    DIVISIONS,
    LOGARITHMS,
    MEANS,
    POSITIVE,
    POWERS,
    ROOTS,
    SOFTMAXES,
    STOPS,
    Function,
    Make,
    is_float,
)
from nanwatch.recorder.patching import Patch, always, patched


@contextlib.contextmanager
def safe(forms: dict[str, Make], model: Any) -> Iterator[None]:
    """A block in which the user's code, and the model's layers, compute with safe forms."""
    replaced = dict(_replacements(forms))
    operators = [(tf.Tensor, name, _for_own(make)) for name, make in forms.items() if _dunder(name)]
    held = [
        (owner, name, always(replaced[id(value)]))
        for owner in [*_modules(), *model._flatten_layers()]
        for name, value in list(vars(owner).items())
        if id(value) in replaced
    ]
    functions: Patch = (type(tf.function(lambda: None)), "__call__", _inlined)
    by_class = {name.replace("_", ""): make for name, make in forms.items() if not _dunder(name)}
    bare = [(o, "call", by_class[n]) for o, n in _bare_operations(model) if n in by_class]
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
    """Operations in the graphs of functional models, by their classes' names in small letters."""
    graphs = [getattr(layer, "operations", ()) for layer in model._flatten_layers()]
    for operation in {id(one): one for graph in graphs for one in graph}.values():
        if not isinstance(operation, keras.layers.Layer):
            yield operation, type(operation).__name__.lower()


def _inlined(original: Function) -> Function:
    """A function of a graph traced anew within another one: its own trace is older than we are."""

    def call(function: Any, *args: Any, **kw: Any) -> Any:
        if tf.executing_eagerly():
            return original(function, *args, **kw)
        return function.python_function(*args, **kw)

    return call


def _is_number(x: Any) -> bool:
    return is_float(x) or isinstance(x, int | float)


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
    _remedy("let_through", "the gradient let through where it was stopped", STOPS),
    _remedy("safe_softmax", "softmaxes that bear a masked row", SOFTMAXES),
)
