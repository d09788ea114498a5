"""What a process takes, and programs that strain the reporting for long. Used short and long."""

import json
import os
import subprocess
import sys
from pathlib import Path

MIB = 1024 * 1024
PAGE = os.sysconf("SC_PAGE_SIZE")


def taken(pid="self"):
    """What a process takes: memory in MiB, open files, threads."""
    folder = Path(f"/proc/{pid}")
    rss = int((folder / "statm").read_text().split()[1]) * PAGE / MIB
    return rss, len(list((folder / "fd").iterdir())), len(list((folder / "task").iterdir()))


HOOKS = """
import json, sys, time
from endurance import taken
from nanwatch.events import RunStarted
from nanwatch.reporter import Reporter
from nanwatch.settings import ClientSettings
watching = Reporter(ClientSettings.resolve(sys.argv[1], run="r"), RunStarted("r", "p"), "run")
watching.start()
calls, names = int(sys.argv[2]), ("batch/loss",)
sizes, began = [], time.perf_counter()
for step in range(calls):
    watching.log(names, step, (0.5,))
    if step % (calls // 10) == calls // 10 - 1:
        sizes.append(taken()[0])
took = time.perf_counter() - began
watching.finish("finished")
print(json.dumps({"MiB after each tenth": sizes, "us per call": took / calls * 1e6}))
"""

REFUSALS = """
import json, sys, time
from endurance import taken
from nanwatch import sender
from nanwatch.run import start_run
sender.FIRST_RETRY_S = sender.LAST_RETRY_S = 0.0
attempts, deliver = [0], sender.Delivery.step
def counted(delivery):
    attempts[0] += 1
    return deliver(delivery)
sender.Delivery.step = counted
looks = []
with start_run(sys.argv[1], verbose=1) as run:
    run.log({"loss": 1.0})
    for part in range(1, 11):
        while attempts[0] < int(sys.argv[2]) * part / 10:
            time.sleep(0.02)
        looks.append(taken())
print(json.dumps({"MiB, files, threads": looks}))
"""


def told_by(program, *arguments):
    """What such a program prints, and how many lines it said in the terminal."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1]), done.stderr.count("\n")
