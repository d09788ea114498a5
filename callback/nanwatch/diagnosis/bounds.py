"""What the run's facts say of its loss: which it is, whose it is, and how low it can get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nanwatch.losses import find


def names_of(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """The losses' class or function names, one an output."""
    return tuple(str(loss.get("class", "")) for loss in facts.get("loss") or ())


def place_of_own(facts: Mapping[str, Any]) -> dict[str, str]:
    """Where the user's own loss stands, {"source_line": "train.py:12"}; empty when not known."""
    source = next((loss["source"] for loss in facts.get("loss") or () if loss.get("source")), "")
    return {"source_line": source} if source else {}


def is_own(facts: Mapping[str, Any]) -> bool:
    """Whether the step or a loss is the user's own, so that the catalogue knows nothing of it."""
    losses = facts.get("loss") or ()
    return bool(facts.get("own_step")) or not losses or any(loss.get("custom") for loss in losses)


def lowest(facts: Mapping[str, Any]) -> float | None:
    """The lower bound of the whole loss; None when it has none, or it is not known."""
    pages = [find(name) for name in names_of(facts)]
    bounds = [page.lowest for page in pages if page is not None and page.lowest is not None]
    if is_own(facts) or len(bounds) < len(pages):
        return None
    return sum(bounds)
