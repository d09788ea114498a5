"""Real file systems that are small enough to be filled."""

import subprocess
from contextlib import contextmanager

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
