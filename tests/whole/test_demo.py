"""`nanwatch demo` as a stranger runs it."""

import os
import subprocess
import sys

import pytest

WITHIN_S = 600


@pytest.mark.timeout(WITHIN_S + 30)
def test_the_demo_shows_two_causes_and_leaves_when_told(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "nanwatch", "demo"],
        env={**os.environ, "NANWATCH_DIR": str(tmp_path), "NANWATCH_DEMO_EXIT": "1"},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    shown = [line.split()[1] for line in done.stdout.splitlines() if "diagnosis: " in line]
    assert shown == ["nan_in_features", "unscaled_features"]
    assert done.stdout.count("healthy: nothing to report") == 3
    assert "columns bill_length_mm" in " ".join(done.stderr.split())
    assert "callbacks=[NanWatch()]" in done.stdout
    assert "stopped the monitor" in done.stdout
