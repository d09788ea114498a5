"""The server comes without the frameworks that it watches."""

import subprocess
import sys

PROBE = """
import sys, nanwatch_monitor.app
heavy = {"keras", "tensorflow", "jax", "torch", "alembic", "plotly"}
print(sorted(heavy & set(sys.modules)))
"""


def test_the_server_imports_no_training_framework():
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
