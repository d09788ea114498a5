"""No server named: trainings find the local monitor or start it, and share one."""

import os
import subprocess
import sys

import pytest

from nanwatch.local_monitor import LocalMonitor
from whole.training import run_id_in


@pytest.fixture
def home(tmp_path):
    """A data folder of the test's own; its monitor ends with the test."""
    yield tmp_path
    command = [sys.executable, "-m", "nanwatch", "stop"]
    subprocess.run(command, env={**os.environ, "NANWATCH_DIR": str(tmp_path)}, check=True)


def test_two_trainings_started_at_once_end_up_with_one_monitor(home, train):
    pair = [train("nan_at_step.py", 5, 0.2, NANWATCH_DIR=str(home)) for _ in range(2)]
    outputs = [training.finish() for training in pair]
    hosts = list((home / "hosts").iterdir())
    endpoint = LocalMonitor(home, hosts[0].name).find()
    assert len(hosts) == 1
    for out, err in outputs:
        assert f"{endpoint.url}/runs/{run_id_in(out)}" in out
        assert f"watching run nan-at-step - {endpoint.url}/login?code=" in err
