"""Numbers about many JAX arrays at once, compiled, inside of a traced step and outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp

F = TypeVar("F", bound=Callable[..., Any])


def _compiled(function: F) -> F:
    """`jax.jit`, which has no types that a checker can read here."""
    made: F = jax.jit(function)
    return made


def norms(arrays: list[Any]) -> Any:
    """Each array's Euclidean norm as a vector; an entry is not finite exactly when a member is not.

    The square of a large float32 overflows while the number itself is fine, so the norms are made
    anew in units of the largest member when any of the quick ones overflowed. None counts as 0.

    The barrier keeps XLA from fusing this into what makes the arrays, and rounding them otherwise
    than in a step that nobody watches.
    """
    if not arrays:
        return jnp.zeros(0)
    present = tuple(jnp.zeros(()) if array is None else jnp.asarray(array) for array in arrays)
    return _norms([_wide(array) for array in jax.lax.optimization_barrier(present)])


@_compiled
def all_finite(arrays: list[Any]) -> Any:
    """Whether every floating-point number in the arrays is finite."""
    floats = [array for array in arrays if _is_float(array)]
    return jnp.stack([jnp.array(True), *(jnp.isfinite(array).all() for array in floats)]).all()


@_compiled
def slots_finite(slots: list[Any], small: Any) -> Any:
    """Whether an optimizer's slots are finite after an update.

    They hold gradients and their squares, so there is no need to look after a small gradient.

    Args:
        small: whether the gradient is.
    """
    return jax.lax.cond(small, lambda: jnp.array(True), lambda: all_finite(slots))


def scalar(value: Any) -> Any:
    """Any number as a floating-point scalar: what float32 holds stays exact."""
    return jnp.asarray(value, dtype=float).mean()


def floats_of(structure: Any) -> list[Any]:
    """The floating-point arrays in a structure."""
    return [leaf for leaf in jax.tree.leaves(structure) if _is_float(leaf)]


def _is_float(array: Any) -> bool:
    return bool(jnp.issubdtype(jnp.result_type(array), jnp.floating))


def _wide(array: Any) -> Any:
    array = jnp.asarray(array)
    return array.astype(jnp.promote_types(array.dtype, jnp.float32))


@_compiled
def _norms(arrays: list[Any]) -> Any:
    quick = jnp.sqrt(jnp.stack([jnp.sum(jnp.square(array)) for array in arrays]))
    fine = jnp.isfinite(quick).all()
    return jax.lax.cond(fine, lambda: quick, lambda: jnp.stack([_careful(a) for a in arrays]))


def _careful(array: Any) -> Any:
    largest = jnp.max(jnp.abs(array), initial=0.0)
    unit = jnp.where(jnp.isfinite(largest) & (largest > 0), largest, 1.0)
    return unit * jnp.sqrt(jnp.sum(jnp.square(array / unit)))
