"""Real file systems that are small enough to be filled."""

import os
import subprocess
from contextlib import contextmanager, suppress

import pytest


@contextmanager
def small_disk(folder, mebibytes):
    """A file system of so many MiB at a new folder; the test is skipped where none may be made."""
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(folder)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("who runs the tests may not mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill_up(file, leave=0):
    """Fill a disk with a file, but for so many bytes."""
    with file.open("wb", buffering=0) as writing, suppress(OSError):
        while writing.write(bytes(4096)):
            pass
    os.truncate(file, file.stat().st_size - leave)
