"""The catalogue of loss functions: what each wants, what it gives, and where it breaks.

Checked against Keras 3.15. It is data: it needs no Keras, and holds for every backend unless a
page says otherwise. A new loss is a new page in the file of its family.
"""

from __future__ import annotations

from nanwatch.losses import (
    crossentropy,
    custom,
    distributions,
    embedding,
    focal,
    margin,
    regression,
    segmentation,
    sequence,
)
from nanwatch.losses.page import LossPage

_FAMILIES = (
    regression,
    distributions,
    crossentropy,
    focal,
    margin,
    segmentation,
    sequence,
    embedding,
    custom,
)

LOSSES: dict[str, LossPage] = {page.name: page for family in _FAMILIES for page in family.PAGES}
"""Every loss by its class in `keras.losses`; `Loss` is the page of one's own."""


def names(page: LossPage) -> tuple[str, ...]:
    """Everything that a loss is called: its class, its function, its strings, and other names."""
    called = (page.name, page.function, *page.strings, *page.other_names)
    return tuple(dict.fromkeys(name for name in called if name))


_BY_NAME = {name.lower(): page for page in LOSSES.values() for name in names(page)}


def find(text: str) -> LossPage | None:
    """The loss of that name, in any case, also as "keras.losses.Huber". None: there is none."""
    return _BY_NAME.get(text.strip().lower().rpartition(".")[2])


__all__ = ["LOSSES", "LossPage", "find", "names"]
