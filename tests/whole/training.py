"""Trainings as a user starts them: scripts in processes of their own."""

import os
import re
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parent / "trainings"
WITHIN_S = 170


class Training:
    """A script of `trainings/` that runs with NANWATCH_* settings of the test's choice."""

    def __init__(self, script, *arguments, **environ):
        kept = {name: text for name, text in os.environ.items() if not name.startswith("NANWATCH_")}
        self._process = subprocess.Popen(
            [sys.executable, str(SCRIPTS / script), *map(str, arguments)],
            env={**kept, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self):
        """Wait for its end; what it printed, and what went to the error stream."""
        out, err = self._process.communicate(timeout=WITHIN_S)
        assert self._process.returncode == 0, out + err
        return out, err

    def end(self):
        """End it, if it still runs."""
        self._process.kill()
        self._process.communicate()


def run_id_in(output):
    """The run's id that a script printed."""
    return re.search(r"^RUN (\w+)", output, re.MULTILINE)[1]
