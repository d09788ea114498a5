"""A quiet run, and others that are loud beside it. Used short and long."""

import json
import os
import subprocess
import sys
import time

import numpy as np

from frames import frame, opening, points
from nanwatch.events import Points, RunStarted
from nanwatch.spool import Spool
from servers import Client

PAUSE_S = 0.1
LOUD_ROWS, LOUD_SERIES = 500, 10

# Writers of one token, each with a run of its own: they send as quickly as they can, and what is
# refused at once again, whatever the server asks for.
FLOOD = """
import collections, json, sys, threading, time
from neighbours import LOUD_ROWS, loud
from frames import opening
from servers import Client
url, token, writers, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
until, accepted, statuses, waits = time.monotonic() + seconds, {}, collections.Counter(), set()
def write(run):
    client, seq = Client(url, token), 0
    while time.monotonic() < until:
        answer = client.send(loud(run, seq))
        statuses[answer.status] += 1
        seq += answer.status == 200
        waits.add(int(answer.headers.get("Retry-After", 1)))
    accepted[run] = max(0, seq - 1) * LOUD_ROWS
threads = [threading.Thread(target=write, args=(f"loud{n}",)) for n in range(writers)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps({"accepted": accepted, "statuses": statuses, "waits": [min(waits), max(waits)]}))
"""


def loud(run, seq):
    """The nth frame of a run that floods the server."""
    if seq == 0:
        return opening(run, run)
    steps = range((seq - 1) * LOUD_ROWS, seq * LOUD_ROWS)
    values = {f"batch_{n}": np.ones(LOUD_ROWS) for n in range(LOUD_SERIES)}
    return frame(seq, points(steps, **values), run_id=run, stream=run)


def begin(program, *arguments):
    """Start a program that prints JSON at its end."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, *program, *map(str, arguments)]
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)


def flood(server, writers, seconds, token):
    """Start to flood a server."""
    return begin(("-c", FLOOD), server.url, token, writers, seconds)


def told_by(process):
    """What it printed, once it has ended well."""
    words, _ = process.communicate()
    assert process.returncode == 0
    return json.loads(words)


class Quiet:
    """A run that speaks ten times a second; every answer must be 200.

    Attributes:
        n: how many points were acknowledged.
    """

    def __init__(self, url, token):
        self._client, self._seq, self.n = Client(url, token), 0, 0
        assert self._client.send(opening("quiet", "quiet")).status == 200

    def talk(self, goes_on):
        """Speak while something goes on; the seconds that each answer took."""
        took = []
        while goes_on():
            self._seq += 1
            block = points([self._seq], batch_loss=[1.0])
            began = time.perf_counter()
            answer = self._client.send(frame(self._seq, block, run_id="quiet", stream="quiet"))
            took.append(time.perf_counter() - began)
            assert answer.status == 200, answer.data
            self.n += 1
            time.sleep(PAUSE_S)
        return took

    def talk_for(self, seconds):
        """Speak for some seconds."""
        until = time.monotonic() + seconds
        return self.talk(lambda: time.monotonic() < until)


def leave_backlog(home, run_id, frames, rows=5):
    """A run that waits on disk: frames as a training writes them every 50 ms."""
    spool = Spool(home / "spool", run_id, print)
    spool.append([RunStarted("cut off", "zoo", started_at=time.time())])
    names = [f"batch/{n}" for n in range(LOUD_SERIES)]
    for number in range(frames):
        steps = np.arange(number * rows, (number + 1) * rows)
        spool.append([Points(steps, {name: np.ones(rows) for name in names})])
    spool.close(delivered=False)
    return frames * rows


def counts(client, run_id):
    """How many points a server has of each series of a run."""
    return {one["name"]: one["n"] for one in client.get(f"/runs/{run_id}/series")["series"]}
