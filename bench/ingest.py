"""What an acknowledgement takes under load: `make bench-store` prints the tables.

A real server process on SQLite with synchronous=FULL, and clients in this process that send at a
steady pace, each after the answer to its last request. Requests that store and requests that are
refused at the door take turns, so that a busy machine slows both alike.

    python bench/ingest.py [--seconds 20]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import urllib3

from nanwatch import wire
from nanwatch.events import Points, RunStarted
from nanwatch.wire import Frame

SERIES = 10
WRITTEN, REFUSED, OPENED = "stored", "refused at the door", "the first request of each, stored"


@dataclass
class Load:
    """Clients that send at a pace.

    Attributes:
        rows: of ten series each, in a request.
        pace_s: from the beginning of a request to that of the next.
    """

    clients: int
    rows: int
    pace_s: float
    with_refused: bool = False
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[int] = field(default_factory=Counter)

    def run(self, url: str, seconds: float) -> None:
        """Send for some seconds."""
        names = [f"run{self.clients}-{no}" for no in range(self.clients)]
        threads = [threading.Thread(target=self._send, args=(url, n, seconds)) for n in names]
        for thread in threads:
            thread.start()
            time.sleep(self.pace_s / self.clients)  # as runs that know nothing of each other
        for thread in threads:
            thread.join()

    def _send(self, url: str, name: str, seconds: float) -> None:
        pool = urllib3.PoolManager(retries=False)
        end, due, seq = time.monotonic() + seconds, time.monotonic(), 0
        while due < end:
            time.sleep(max(0.0, due - time.monotonic()))
            due = max(due + self.pace_s, time.monotonic() - self.pace_s)
            body, kind = wire.encode(self._frame(name, seq)), WRITTEN if seq else OPENED
            if self._post(pool, url, body, kind) == 200:
                seq += 1
            if self.with_refused and seq > 1:
                self._post(pool, url, b"", REFUSED)

    def _post(self, pool: urllib3.PoolManager, url: str, body: bytes, kind: str) -> int:
        head = {"Content-Type": wire.CONTENT_TYPE}
        began = time.perf_counter()
        answer = pool.request("POST", f"{url}/api/v1/ingest", body=body, headers=head)
        self.took[kind].append(time.perf_counter() - began)
        self.statuses[answer.status] += kind == WRITTEN
        return answer.status

    def _frame(self, name: str, seq: int) -> Frame:
        if seq == 0:
            return Frame(name, name, 0, (RunStarted(name, "bench"),))
        steps = np.arange(seq * self.rows, (seq + 1) * self.rows)
        values = np.random.default_rng(seq).random((SERIES, self.rows))
        columns = {f"batch/metric{no}": column for no, column in enumerate(values[1:])}
        return Frame(name, name, seq, (Points(steps, {"batch/loss": values[0], **columns}),))


def synced(times: int) -> list[float]:
    """What the disk takes by itself; no commit can be quicker."""
    took = []
    with tempfile.TemporaryFile() as file:
        for _ in range(times):
            time.sleep(0.02)
            file.write(bytes(16 * 1024))
            began = time.perf_counter()
            file.flush()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return took


@contextmanager
def server() -> Iterator[str]:
    """A server process on a database of its own; its address."""
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{folder}/bench.db"
        command = ["serve", "--port", "0", "--no-auth", "--database-url", database]
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "nanwatch_monitor", *command], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None  # noqa: S101 - for the type checker
        yield process.stdout.readline().split("serves at ")[1].split()[0]
        process.terminate()
        process.wait()


def percentiles(took: list[float]) -> str:
    """The middle and the 99th percentile, in ms."""
    middle, high = np.percentile(np.array(took) * 1000, [50, 99])
    return f"p50 {middle:.1f} ms, p99 {high:.1f} ms"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each load")
    seconds = parser.parse_args().seconds
    print("| | |\n|---|---|")
    with server() as url:
        calm = Load(clients=8, rows=20, pace_s=0.2, with_refused=True)
        calm.run(url, seconds)
        for kind, took in calm.took.items():
            print(f"| 8 runs, 5 requests/s each, {kind} | {percentiles(took)} |")
        print(f"| a file appended to and synced, after it | {percentiles(synced(300))} |")
        ratio = np.divide(*(np.percentile(calm.took[kind], 99) for kind in (WRITTEN, REFUSED)))
        print(f"| p99, stored against refused | {ratio:.1f}x |")
        much = Load(clients=20, rows=50, pace_s=0.18)
        much.run(url, seconds)
        rate = much.statuses[200] * much.rows * SERIES / seconds / 1000
        found = f"{rate:.0f}k points/s acknowledged, {percentiles(much.took[WRITTEN])}"
        print(f"| 20 writers, 5.5 requests/s of 500 points each | {found}; {dict(much.statuses)} |")


if __name__ == "__main__":
    main()
