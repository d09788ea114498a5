"""Numbers and places in words, as a tired person wants to read them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nanwatch.diagnosis.looks import ArrayLook, ColumnLook

SHOWN = 8
"""So many places are listed; the others are counted."""


def number(value: float) -> str:
    """A number with three significant digits, thousands grouped: 0.0123, 41.2, 1,520, 3.4e+12."""
    if not math.isfinite(value):
        return str(value)
    if abs(value) >= 1e6 or 0 < abs(value) < 1e-3:
        return f"{value:.2e}".replace("e+0", "e+").replace("e-0", "e-")
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def places(word: str, positions: Sequence[int]) -> str:
    """ "row 3", "rows 3 and 271", "rows 1, 2, 3 and 12 more"."""
    if not positions:
        return f"no {word}"
    shown = [str(position) for position in positions[:SHOWN]]
    more = len(positions) - len(shown)
    last = f"{more} more" if more else shown.pop() if len(shown) > 1 else ""
    listed = ", ".join(shown) + (f" and {last}" if last else "")
    return f"{word}{'s' if len(positions) > 1 else ''} {listed}"


def columns(look: ArrayLook) -> str:
    """The columns at fault, by name where they have one."""
    if not look.columns:
        return ""
    if look.column_names:
        named = look.column_names[:SHOWN]
        more = len(look.column_names) - len(named)
        return (
            f"column{'s' if len(named) > 1 else ''} "
            + ", ".join(named)
            + (f" and {more} more" if more else "")
        )
    return places("column", look.columns)


def column_title(column: ColumnLook) -> str:
    """A column's name, or its position."""
    return column.name or f"column {column.index}"
