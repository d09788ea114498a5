"""What the tests of the server share: a store on each kind of database, commands, a clock."""

import os
import subprocess
import sys

import pytest

from nanwatch_monitor.store import Store


@pytest.fixture
def store(database_url):
    opened = Store.open(database_url, channels=("env-webhook",))
    yield opened
    opened.close()


class Clock:
    """Stands still until it is turned."""

    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock(1_700_000_000.0)


@pytest.fixture
def launch(tmp_path):
    """Starts commands as processes, in the test's own home folder."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("NANWATCH_")}

    def start(*arguments, **environ):
        program = [sys.executable, "-m", "nanwatch_monitor", *map(str, arguments)]
        environ = {**kept, "NANWATCH_DIR": str(tmp_path / "home"), **environ}
        return subprocess.Popen(
            program, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    return start


@pytest.fixture
def run(launch):
    """Runs a command to its end; its exit code and words."""

    def finish(*arguments, **more):
        process = launch(*arguments, **more)
        words, _ = process.communicate(timeout=60)
        return process.returncode, words

    return finish
