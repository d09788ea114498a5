"""What the texts of exceptions say, where they name numbers."""

from __future__ import annotations

import re
from typing import NamedTuple

from nanwatch.diagnosis.case import Case

_LABEL = re.compile(
    r"label value of (-?\d+) which is outside the valid range of \[0, (\d+)\)"
    r"(?:.*?Label values: ([-\d ]+))?",
    re.DOTALL,
)
_INDEX = re.compile(
    r"indices\[([\d,]*)\] = (-?\d+) is not in \[0, (\d+)\)(?:.*?\{\{node (\S+)\}\})?", re.DOTALL
)
_OPTIMIZER = re.compile(r"[\\/]optimizers[\\/]\w+\.py")
_SHAPES = re.compile(
    r"same (?:rank|shape)|rank \(ndim\)|ncompatible|must be equal|broadcast|[Ss]hape"
)


class Range(NamedTuple):
    """A number that is outside of what is allowed.

    Attributes:
        value: the number.
        size: the allowed ones are 0 to size - 1.
        rows: positions in the batch of the rows that hold such a number, as far as they are told.
        layer: the name of the layer that looked it up, "" when it is not told.
    """

    value: int
    size: int
    rows: tuple[int, ...]
    layer: str = ""


def label_range(case: Case) -> Range | None:
    """The label that a cross-entropy refused."""
    found = _LABEL.search(_message(case))
    if found is None:
        return None
    size, labels = int(found[2]), map(int, (found[3] or "").split())
    rows = tuple(row for row, label in enumerate(labels) if not 0 <= label < size)
    return Range(int(found[1]), size, rows)


def index_range(case: Case) -> Range | None:
    """The id that a lookup refused."""
    found = _INDEX.search(_message(case))
    if found is None:
        return None
    rows = tuple(int(place) for place in found[1].split(",")[:1] if place)
    return Range(int(found[2]), int(found[3]), rows, _layer(case, found[4] or ""))


def _layer(case: Case, node: str) -> str:
    """The layer that a node of the graph belongs to: a scope that is used again gets a number."""
    names = {str(layer.get("name")) for layer in case.layers}
    scopes = [name for part in node.split("/") for name in (re.sub(r"_\d+$", "", part), part)]
    return next((name for name in reversed(scopes) if name in names), "")


def in_optimizer(case: Case) -> bool:
    """Whether the error came up in the optimizer's own update, as the way to it tells."""
    return _OPTIMIZER.search(_message(case)) is not None


def _message(case: Case) -> str:
    """What fit raised, or the step when it was repeated: what compiled code passes over."""
    if case.error is not None:
        return case.error.message
    return case.autopsy.raised if case.autopsy else ""


def is_about_shapes(case: Case) -> bool:
    """Whether two shapes did not fit together."""
    return case.error is not None and _SHAPES.search(case.error.message) is not None
