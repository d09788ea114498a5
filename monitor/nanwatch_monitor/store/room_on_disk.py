"""Whether the disk of a database file still takes in what one request may bring.

A row that is written and deleted proves little: it fits into pages that the file has already.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from nanwatch.disk import take_room

ROOM_BYTES = 4 * 1024 * 1024


def try_growing(beside: Path) -> None:
    """Take room beside a file, and give it back. Raises OSError: the disk is full, or read-only."""
    descriptor, path = tempfile.mkstemp(prefix=".nanwatch-probe-", dir=beside.parent)
    try:
        os.unlink(path)
        take_room(descriptor, ROOM_BYTES)
    finally:
        os.close(descriptor)
