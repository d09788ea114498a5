"""What storing and showing cost: `make bench-store` prints the tables of docs/benchmarks.md.

All variants run in turn in one process and one folder, so that ratios can be trusted where times
cannot. CPU is of the process, its threads included.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from traffic import frames

from nanwatch import wire
from nanwatch.events import Points, RunStarted
from nanwatch.wire import Frame
from nanwatch_monitor.app import create_app
from nanwatch_monitor.home import Home
from nanwatch_monitor.series.reader import SeriesReader
from nanwatch_monitor.series.sealer import seal
from nanwatch_monitor.settings import ServerSettings
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.appending import Appending
from nanwatch_monitor.store.receipts import Receipt

MOST_SERIES = 100
ROUNDS = 3
POINTS = {2000: 1_600_000, 200: 320_000}
"""How many points are sent in requests of so many."""
Requests = Sequence[Sequence[bytes]]
"""Those that come at the same time, one after the other."""
TABLE = "CREATE TABLE point(series INT, step INT, value REAL, PRIMARY KEY(series, step))"


class Server:
    """The application without a socket."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        url = url or f"sqlite:///{folder / 'bench.db'}"
        self.settings = ServerSettings(Home(folder, "bench"), database_url=url, auth=False)
        self.app = create_app(self.settings)
        self.monitor = self.app.state.monitor
        self.store: Store = self.monitor.store

    def left(self) -> int:
        """How many frames are in the log."""
        with self.store.database.read() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM batch").scalar_one())

    def ask(self, path: str) -> int:
        """GET a path; the size of the answer."""
        return asyncio.run(self._ask(path))

    async def _ask(self, path: str) -> int:
        path, _, query = path.partition("?")
        size = 0
        scope = {
            "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(),
            "headers": [(b"host", b"127.0.0.1:8777"), (b"accept-encoding", b"gzip")],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8777), "root_path": "",
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            nonlocal size
            if message.get("status", 200) != 200:
                raise SystemExit(f"{path}: {message}")
            size += len(message.get("body", b""))

        await self.app(scope, receive, send)
        return size


Times = tuple[float, float]
"""Seconds of CPU and by the wall."""


def raw_rows(folder: Path, requests: Requests) -> Times:
    """The same points as rows of a table, one transaction a request."""
    connection = sqlite3.connect(folder / "rows.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(TABLE)

    def act() -> None:
        for bodies in requests:
            for client, body in enumerate(bodies):
                connection.execute("BEGIN IMMEDIATE")
                rows = rows_of(body, client * MOST_SERIES)
                connection.executemany("INSERT INTO point VALUES (?, ?, ?)", rows)
                connection.execute("COMMIT")

    taken = timed(act)
    connection.close()
    return taken


def rows_of(body: bytes, first: int) -> Iterator[tuple[int, int, float]]:
    """The points of a request as rows; its series are numbered from `first` on."""
    for event in wire.decode(body).events:
        if isinstance(event, Points):
            steps = event.steps.tolist()
            for no, values in enumerate(event.values.values(), start=first):
                yield from zip(repeat(no), steps, values.tolist(), strict=False)


def commit(store: Store, bodies: Sequence[bytes]) -> list[Receipt]:
    """Store requests that came at the same time, as the intake does."""
    told = store.log.append_all([Appending(list(wire.decode_all(b))) for b in bodies], time.time())
    return [one for one in told if isinstance(one, Receipt)]


def acknowledged(folder: Path, requests: Requests) -> Times:
    """Requests decoded and committed to the log."""
    server = Server(folder)
    taken = timed(lambda: [commit(server.store, bodies) for bodies in requests])
    server.store.close()
    return taken


def judged(folder: Path, requests: Requests) -> Times:
    """Requests through log, detectors and sealing, until nothing is left in the log."""
    server = Server(folder)
    watch = server.monitor.watch
    watch.start()

    def act() -> None:
        for bodies in requests:
            for receipt in commit(server.store, bodies):
                server.monitor.cache.committed("", receipt)
                watch.committed("", receipt)
        while server.left():
            for stream_id in range(1, len(requests[0]) + 1):
                watch.mark(stream_id, whole=True)
            time.sleep(0.1)

    taken = timed(act)
    watch.stop()
    server.store.close()
    return taken


def timed(act: Callable[[], Any]) -> Times:
    """What something takes."""
    gc.collect()
    gc.freeze()  # as the server does at its start
    cpu, wall = time.process_time(), time.perf_counter()
    act()
    return time.process_time() - cpu, time.perf_counter() - wall


def ingest(per_request: int, series: int, clients: int) -> Iterator[str]:
    """Rows of the table: how much faster requests are than rows."""
    each = POINTS[per_request] // clients
    own = [frames(each, per_request, f"run{no}", series) for no in range(clients)]
    requests = list(zip(*own, strict=True))
    times: dict[Any, list[Times]] = {raw_rows: [], acknowledged: [], judged: []}
    for _ in range(ROUNDS):
        for act, found in times.items():
            with tempfile.TemporaryDirectory() as folder:
                found.append(act(Path(folder), requests))
    shape = f"{per_request} points a request, {per_request // series} steps of {series} series"
    at_once = f", {clients} at once" if clients > 1 else ""
    for act, words in ((acknowledged, "acknowledged"), (judged, "judged and sealed")):
        pairs = list(zip(times[raw_rows], times[act], strict=True))
        cpu, wall = (statistics.median(row[at] / ours[at] for row, ours in pairs) for at in (0, 1))
        took = (
            1e6 * statistics.median(cpu for cpu, _ in times[act]) * per_request / (each * clients)
        )
        yield f"{shape}{at_once}, {words} | CPU {cpu:.1f}x ({took:.0f} us), wall {wall:.1f}x |"


def large_run(server: Server, points: int) -> Iterator[str]:
    """Rows of the table: what showing one long series takes."""
    fill(server.store, points)
    reader = SeriesReader(server.store.series)
    found = median_ms(lambda: reader.overview("long", "batch/loss", None, None, 2000))
    yield f"overview by itself, 2000 buckets of {points:.0e} points | {found:.1f} ms |"
    found = median_ms(
        lambda: server.ask("/api/v1/runs/long/overview?name=batch/loss&buckets=2000&format=typed")
    )
    yield f"HTTP answer, 2000 buckets of {points:.0e} points | {found:.1f} ms |"
    window = f"&from={points // 3}&to={points // 2}"
    found = median_ms(
        lambda: server.ask(
            f"/api/v1/runs/long/overview?name=batch/loss&buckets=2000{window}&format=typed"
        )
    )
    yield f"the same of a sixth of them | {found:.1f} ms |"
    found = median_ms(
        lambda: server.ask(
            f"/api/v1/runs/long/points?name=batch/loss&from={points // 2}&limit=10000"
        )
    )
    yield f"HTTP answer, 10 000 exact points out of the middle | {found:.1f} ms |"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield f"memory of the process at its peak | {peak:.0f} MiB |"


def fill(store: Store, points: int, rows: int = 50_000) -> None:
    """A run of one long series, sealed."""
    opening = Frame("long", "long", 0, (RunStarted("long", "bench"),))
    stream_id = store.log.append([(opening, wire.encode(opening))], now=1.0).stream_id
    for seq, begin in enumerate(range(0, points, rows), start=1):
        loss = np.exp(np.random.default_rng(seq).standard_normal(rows)).astype(np.float32)
        block = Points(np.arange(begin, begin + rows), {"batch/loss": loss.astype(float)})
        frame = Frame("long", "long", seq, (block,))
        store.log.append([(frame, wire.encode(frame))], now=1.0)
        sealed(store, stream_id, seq)


def sealed(store: Store, stream_id: int, upto: int) -> None:
    """Seal, without a brain to remember anything."""
    if not seal(store.series, stream_id, upto, b""):
        raise SystemExit(f"frame {upto} was not sealed")


def median_ms(act: Callable[[], Any], times: int = 15) -> float:
    """CPU of one call."""
    act()
    return 1000 * statistics.median(timed(act)[0] for _ in range(times))


def size(points: int) -> Iterator[str]:
    """A row of the table: bytes on disk, of an SQLite file that was vacuumed."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        for seq, body in enumerate(frames(points, 20_000, "run")):
            server.store.log.append(list(wire.decode_all(body)), now=time.time())
            sealed(server.store, 1, seq)
        server.store.close()
        connection = sqlite3.connect(Path(folder) / "bench.db")
        connection.execute("VACUUM")
        held = connection.execute("SELECT sum(length(data)) FROM node").fetchone()[0]
        connection.close()
        used = (Path(folder) / "bench.db").stat().st_size
    yield f"bytes a point, ten metrics, rollups included | {held / points:.2f} |"
    yield f"the same, on disk in SQLite | {used / points:.2f} |"


def many_runs(server: Server, runs: int) -> Iterator[str]:
    """A row of the table: the list of runs."""
    for no in range(runs):
        frame = Frame(f"r{no}", f"r{no}", 0, (RunStarted(f"run-{no}", "bench"),))
        server.store.log.append([(frame, wire.encode(frame))], now=time.time())
    found = median_ms(lambda: server.ask("/api/v1/runs?limit=100"))
    yield f"HTTP answer, the latest 100 of {runs} runs | {found:.1f} ms |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=float, default=1e7, help="of the long series")
    parser.add_argument("--database-url", help="only the long series, on this empty database")
    given = parser.parse_args()
    points, url = int(given.points), given.database_url
    print("| | |\n|---|---|")
    shapes = [
        (per, series, clients) for per in POINTS for series in (10, 100) for clients in (1, 8)
    ]
    ingests = [ingest(*how) for how in shapes]
    for lines in (*ingests, size(4_000_000)) if url is None else ():
        for line in lines:
            print("|", line, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), url)
        for lines in (large_run(server, points), many_runs(server, 10_000)):
            for line in lines:
                print("|", line, flush=True)
        server.store.close()


if __name__ == "__main__":
    main()
