"""Room on disks."""

from __future__ import annotations

import os


def take_room(descriptor: int, n_bytes: int) -> None:
    """Make an empty file so large that its bytes are really there. Raises OSError."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, n_bytes)
        return
    left = bytes(n_bytes)  # macOS has no word for it
    while left:
        left = left[os.write(descriptor, left) :]
