"""Trainings and servers that are killed at random moments, and what has to be there afterwards."""

import itertools
import math
import random
import subprocess
import sys
import time
from dataclasses import dataclass

from click.testing import CliRunner

from nanwatch.cli import main
from nanwatch.run import start_run
from nanwatch.spool import stored_streams

ENOUGH = 110  # lines of the oracle: two values that are not finite, and many that are
MARGIN_S = 0.1  # what is older than this survives the death of its process

# Writes every step to a file of its own before and after it is logged, so that the test knows
# what the reporter was told, and when, without asking the reporter.
TRAINING = """
import math, os, sys, time
from nanwatch.run import start_run
oracle = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
run = start_run(run="killed", mode="offline", verbose=0)
os.write(oracle, f"run {run.id} 0\\n".encode())
for step in range(1_000_000):
    value = math.nan if sys.argv[2] == "nan" and step % 50 == 49 else 1.0 / (step + 1)
    run.log({"loss": value}, step=step)
    kind = "nan" if math.isnan(value) else "point"
    os.write(oracle, f"{kind} {step} {time.monotonic()}\\n".encode())
    time.sleep(0.001)
"""


@dataclass
class Death:
    """What a training had said when it was killed.

    Attributes:
        old: the steps that were logged well before its last word. A process that got no processor
            between that and its death could keep nothing either.
        nans: the steps whose values were no numbers.
    """

    run_id: str
    old: set
    nans: set


def train_and_kill(oracle, after_s, kind):
    """Kill a training some time after its first steps, however long these take."""
    process = subprocess.Popen([sys.executable, "-c", TRAINING, oracle, kind])
    while not oracle.exists() or oracle.read_text().count("\n") < ENOUGH:
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(after_s)
    process.kill()
    process.wait()
    (_, run_id, _), *lines = [line.split() for line in oracle.read_text().splitlines()]
    old = {int(step) for _, step, at in lines if float(at) < float(lines[-1][2]) - MARGIN_S}
    return Death(run_id, old, {int(step) for kind, step, _ in lines if kind == "nan"})


def delivered(death, home, server):
    """Deliver what a dead training left; what a server then has of it, {step: value}."""
    with_token = {"NANWATCH_TOKEN": server.token, "NANWATCH_DIR": str(home)}
    command = CliRunner(env=with_token).invoke(main, ["sync", "--server", server.url])
    assert command.exit_code == 0, command.output
    assert stored_streams(home / "spool") == []
    return kept(server.client, death.run_id)


def kept(client, run_id):
    """Every point of the loss that a server has, {step: value}, each of them once."""
    found, path, cursor = [], f"/runs/{run_id}/points?name=batch/loss&limit=50000", ""
    while cursor is not None:
        page = client.get(path + (f"&cursor={cursor}" if cursor else ""))
        found += zip(page["steps"], page["values"], strict=True)
        cursor = page["next"]
    assert len(dict(found)) == len(found)
    return dict(found)


def said(n):
    """What `log_for` logged in n steps, in the same form."""
    return {step: math.sin(step) for step in range(n)}


def log_for(run, steps, seconds):
    """Log a step every half millisecond; how many steps there were by then."""
    step, until = None, time.monotonic() + seconds
    while step is None or time.monotonic() < until:
        step = next(steps)
        run.log({"loss": math.sin(step)}, step=step)
        time.sleep(0.0005)
    return step + 1


def train_while_the_server_dies(server, times, monkeypatch, seed):
    """Log while a server is killed again and again; how many steps, and the run's id."""
    monkeypatch.setenv("NANWATCH_TOKEN", server.client.token)
    monkeypatch.setattr("nanwatch.sender.LAST_RETRY_S", 0.5)
    moments, steps = random.Random(seed), itertools.count()  # noqa: S311 - no secret
    with start_run(server.url, verbose=0) as run:
        for _ in range(times):
            log_for(run, steps, moments.uniform(0.05, 0.5))
            server.kill()
            n = log_for(run, steps, moments.uniform(0.05, 0.3))
            server.start()
        run._reporter.finish("finished", timeout_s=60)
    # The end of a run does not wait for a server that is slow to come up; then this delivers it.
    assert CliRunner().invoke(main, ["sync", "--server", server.url]).exit_code == 0
    assert server.client.get(f"/runs/{run.id}")["state"] == "finished"
    return n, run.id
