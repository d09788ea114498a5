"""What a server that is down costs a training: each step, and the end.

    python bench/faults.py [--steps 300] [--rounds 4]

The same loop of steps of about 10 ms, with and without nanwatch, in turn, each in a process of its
own. Medians over the rounds, of paired ones where two are compared; "CPU" is all threads of the
process together, which other programs on the machine disturb less than they disturb wall time.
"log" is what one call of `run.log` takes, judging included; "exit" what leaving the block took.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from ledger_server import Fault, LedgerServer, free_port  # noqa: E402 - the tests' own servers
from proxy import Proxy  # noqa: E402

LOOP = """
import contextlib, json, statistics, sys, time
import numpy as np
import nanwatch

def work(size):
    return float(np.linalg.norm(table[:size] @ table[:size].T))

def seconds_of(size):
    began = time.process_time()
    work(size)
    return time.process_time() - began

def size_of(seconds):
    sizes = range(64, 4096, 32)
    return next(size for size in sizes if min(seconds_of(size) for _ in range(5)) > seconds)

url, steps, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
table = np.random.default_rng(1).standard_normal((4096, 512))
if not size:
    print(size_of(0.010)); raise SystemExit
costs = []
with contextlib.ExitStack() as stack:
    run = stack.enter_context(nanwatch.start_run(url, verbose=1)) if url else None
    began, used = time.perf_counter(), time.process_time()
    for step in range(steps):
        loss = work(size)
        if run:
            at = time.perf_counter(); run.log({"loss": loss}, step=step)
            costs.append(time.perf_counter() - at)
    trained, used = time.perf_counter() - began, time.process_time() - used
    leaving = time.perf_counter()
left = time.perf_counter() - leaving
costs = sorted(costs) or [0.0]
print(json.dumps({"loop": trained, "cpu": used, "exit": left, "p50": costs[len(costs) // 2],
                  "p99": costs[int(len(costs) * 0.99)]}))
"""


def measured(url: str, steps: int, size: int) -> dict[str, float]:
    """One loop in a process of its own."""
    with tempfile.TemporaryDirectory() as home:
        environ = {**os.environ, "NANWATCH_DIR": home, "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-c", LOOP, url, str(steps), str(size)]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)  # noqa: S603 - our own program
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1]) if size else {}
    return found or {"size": float(done.stdout)}


def report(name: str, url: str, options: argparse.Namespace, size: int) -> None:
    """Measure one kind of server and print its line."""
    alone, watched = [], []
    for turn in range(options.rounds):
        pair = [("", alone), (url, watched)]
        for where, kept in pair if turn % 2 else reversed(pair):
            kept.append(measured(where, options.steps, size))
    pairs = list(zip(watched, alone, strict=True))
    wall, cpu = ([w[key] / a[key] - 1 for w, a in pairs] for key in ("loop", "cpu"))
    middle = {key: statistics.median(one[key] for one in watched) for key in watched[0]}
    step_ms = statistics.median(one["loop"] for one in alone) / options.steps * 1e3
    print(
        f"{name:16} {step_ms:7.2f} {statistics.median(wall):+9.2%} {statistics.median(cpu):+9.2%} "
        f"[{min(cpu):+.2%} .. {max(cpu):+.2%}] {middle['p50'] * 1e6:11.1f} "
        f"{middle['p99'] * 1e6:8.1f} {middle['exit']:7.2f} {max(w['exit'] for w in watched):7.2f}",
        flush=True,
    )


def main() -> None:
    """Measure every kind of server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    size = int(measured("", 0, 0)["size"])
    print(
        f"{'server':16} step ms      wall       CPU [range]            log p50 us   p99 us  exit s"
        f"     max"
    )
    with LedgerServer() as server:
        report("healthy", server.url, options, size)
        report("dead (refuses)", f"http://127.0.0.1:{free_port()}", options, size)
        for mode in ("hole", "drip", "garbage", "cut"):
            with Proxy(server.port, mode) as way:
                report(mode, way.url, options, size)
        for fault in (Fault(500), Fault(429, {"Retry-After": "3600"}), Fault(401)):
            server.always = fault
            report(f"answers {fault.status}", server.url, options, size)


if __name__ == "__main__":
    main()
