"""The memory that the flight recorder may take: one budget for all that it keeps."""

from __future__ import annotations

MIB = 1024 * 1024
BUDGET_MIB = 64
"""Of batches, of copies of the model's state and of the failing step, all together."""

BUDGET = BUDGET_MIB * MIB


def size_text(nbytes: int) -> str:
    """A size for people.

    >>> size_text(512), size_text(200_000), size_text(5 * MIB // 2), size_text(80 * MIB)
    ('512 B', '195 KiB', '2.5 MiB', '80 MiB')
    """
    if nbytes < 1024:
        return f"{nbytes} B"
    if nbytes < MIB:
        return f"{nbytes / 1024:.0f} KiB"
    return f"{nbytes / MIB:.1f}".removesuffix(".0") + " MiB"
