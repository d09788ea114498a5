"""What a candidate change to a training consists of."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Block = contextlib.AbstractContextManager[None]
Batches = Callable[[Any, list[Any]], list[Any]]
"""Takes the model and the batches; the changed batches, without those of which nothing is left."""
Settings = Callable[[Any, list[Any]], Block]
"""Takes the model and the batches; a block in which the model's settings are changed."""


def of_model(block: Callable[[Any], Block]) -> Settings:
    """Settings that need not look at the batches."""
    return lambda model, _: block(model)


def all_of(_: Any, batches: list[Any]) -> list[Any]:
    """The batches as they are."""
    return batches


def of_batches(change: Callable[[list[Any]], list[Any]]) -> Batches:
    """A change of the batches that need not look at the model."""
    return lambda _, batches: change(batches)


def unchanged(model: Any) -> None:
    """Weights that stay as they are."""


@dataclass(frozen=True)
class Remedy:
    """One change.

    Attributes:
        name: the word under which a cause asks for it (`Testimony.remedy`).
        words: what is tried, for the terminal.
        batches: changes the batches, all at once, since scaling needs their common statistics.
        share: how much of each update is done; 0.1 is a rate ten times lower.
        limit: the gradients' common norm is cut to this.
        settings: a block in which the model's settings are changed, or None.
        weights: changes the weights from which the replay begins.
        rescales: whether the loss afterwards is no more comparable with the one before.
    """

    name: str
    words: str
    batches: Batches = all_of
    share: float = 1.0
    limit: float = math.inf
    settings: Settings | None = None
    weights: Callable[[Any], None] = unchanged
    rescales: bool = False
