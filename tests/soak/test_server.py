"""The server for long: memory, files and its log stay bounded; it leaves quickly with guests."""

import os
import random
import statistics
import threading
import time
from contextlib import suppress

import urllib3

from endurance import MIB, taken
from frames import frame, opening, points
from monitor.test_serve import stalled_upload
from nanwatch_monitor.series.frame_cache import MOST_BYTES
from servers import Client

MINUTES = float(os.environ.get("NANWATCH_SOAK_MINUTES", "20"))
VIEWERS, POINTS_A_SECOND, FRAMES_A_SECOND = 20, 500, 10
MAX_WAL_MIB, MAX_GROWTH_MIB = 64, 24 + MOST_BYTES // MIB  # the cache of frames fills up


def watch_now_and_then(server, over, moments):
    """Open the page of the run, follow it for a while, close it, come again."""
    while not over.is_set():
        client = Client(server.url, server.client.token)
        with suppress(urllib3.exceptions.HTTPError, OSError):
            client.get("/runs/run1/overview?name=batch/loss&buckets=1000")
            stream = client.open_stream("?run=run1")
            until = time.monotonic() + moments.uniform(1, 20)
            while time.monotonic() < until and not over.is_set():
                stream.read1(1 << 16)
            stream.close()
        client.close()


def sample(server, database):
    """Memory in MiB, files, and MiB of the write-ahead log."""
    wal = database.with_name(database.name + "-wal")
    rss, files, _ = taken(server.process.pid)
    return rss, files, wal.stat().st_size / MIB if wal.exists() else 0.0


def send_for(server, seconds, look):
    """Send at the pace of the soak; the frames sent, and a look every second."""
    began, looks = time.monotonic(), []
    for number in range(1, int(seconds * FRAMES_A_SECOND)):
        server.client.send(block(number))
        if number % FRAMES_A_SECOND == 0:
            looks.append(look())
        time.sleep(max(0.0, began + number / FRAMES_A_SECOND - time.monotonic()))
    return number + 1, looks


def block(number):
    size = POINTS_A_SECOND // FRAMES_A_SECOND
    steps = range(number * size, (number + 1) * size)
    return frame(number + 1, points(steps, batch_loss=[1.0] * size))


def test_hours_of_points_and_viewers(server_process, tmp_path, measured):
    database = tmp_path / "soak.db"
    server = server_process("--database-url", f"sqlite:///{database}").start()
    server.client.send(opening(), block(0))
    over = threading.Event()
    viewers = [
        threading.Thread(target=watch_now_and_then, args=(server, over, random.Random(seed)))  # noqa: S311 - no secret
        for seed in range(VIEWERS)
    ]
    for viewer in viewers:
        viewer.start()
    sent, looks = send_for(server, MINUTES * 60, lambda: sample(server, database))
    over.set()
    for viewer in viewers:
        viewer.join()
    rss, files, wal = zip(*looks[len(looks) // 4 :], strict=True)  # after the warm-up
    slope = statistics.linear_regression(range(len(rss)), rss).slope * 3600
    measured(
        f"{MINUTES:.0f} min: RSS {rss[0]:.0f} to {rss[-1]:.0f} MiB ({slope:+.1f} MiB/h), "
        f"files {min(files)} to {max(files)}, WAL at most {max(wal):.1f} MiB"
    )
    (series,) = server.client.get("/runs/run1/series")["series"]
    assert series["n"] == sent * POINTS_A_SECOND // FRAMES_A_SECOND
    assert max(rss) - rss[0] < MAX_GROWTH_MIB
    assert max(files) < 3 * VIEWERS + 40
    assert max(wal) < MAX_WAL_MIB


def test_it_leaves_within_seconds_with_fifty_viewers_and_a_stalled_upload(server_process, measured):
    server = server_process().start()
    streams = [Client(server.url, server.client.token).open_stream() for _ in range(50)]
    with stalled_upload(server):
        began = time.monotonic()
        assert server.stop() == 0
        measured(f"left after {time.monotonic() - began:.2f} s")
    assert all(stream.read().endswith(b"event: gone\ndata: {}\n\n") for stream in streams)
