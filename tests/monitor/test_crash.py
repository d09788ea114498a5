"""Kill -9 at any moment, while frames come in and become chunks: what was acknowledged is there."""

import itertools
import random
import threading
import time
from pathlib import Path

import numpy as np
import urllib3
from sqlalchemy import text

from frames import frame, opening
from nanwatch.events import Points
from nanwatch_monitor.store.database import Database
from servers import wait_for

CARELESS = Path(__file__).with_name("careless.py")
DOUBLING = CARELESS.with_name("doubling.py")
ROWS, WORDS = 1500, ["NaN", "Infinity", "-Infinity"]
NAMES = ["batch/loss", "batch/grad_norm"]


def values_of(seq, name):
    """The same at every attempt; some are no finite numbers."""
    values = np.random.default_rng([seq, NAMES.index(name)]).standard_normal(ROWS)
    values[seq % ROWS] = [np.nan, np.inf, -np.inf][seq % 3]
    return values


def nth(seq):
    if seq == 0:
        return opening()
    steps = np.arange((seq - 1) * ROWS, seq * ROWS)
    return frame(seq, Points(steps, {name: values_of(seq, name) for name in NAMES}))


def send_until_killed(process, begin, count, seconds=0.0, until=lambda: True):
    """Send frames from number `begin` on until `count` are acknowledged, and for some seconds more.

    Args:
        until: what has to hold, too, before the server is killed.

    Returns:
        The number of the last one that was acknowledged before the server was killed.
    """
    acked = [begin - 1]

    def send():
        try:
            for seq in itertools.count(begin):
                acked.append(process.client.send(nth(seq)).json()["acked"])
        except urllib3.exceptions.HTTPError:
            return

    sender = threading.Thread(target=send)
    sender.start()
    wait_for(lambda: len(acked) > count and until())
    time.sleep(seconds)
    process.kill()
    sender.join()
    return acked[-1]


def kept(process, name):
    """Every point of a series, as the server tells it: {step: value or word}."""
    found, path, cursor = {}, f"/runs/run1/points?limit=50000&name={name}", ""
    while cursor is not None:
        page = process.client.get(path + (f"&cursor={cursor}" if cursor else ""))
        found.update(zip(page["steps"], page["values"], strict=True))
        cursor = page["next"]
    return found


def said(last, name):
    """What was sent up to a frame, in the same form."""
    values = np.concatenate([values_of(seq, name) for seq in range(1, last + 1)])
    words = {at: WORDS[(at // ROWS + 1) % 3] for at in np.flatnonzero(~np.isfinite(values))}
    return {step: words.get(step, value) for step, value in enumerate(values.tolist())}


def is_kept(process, last):
    """Whether all up to the last acknowledged frame is there, once; one more may have been on its
    way.
    """
    whole = all(kept(process, name) in (said(last, name), said(last + 1, name)) for name in NAMES)
    return whole and all(is_there_once(process, name) for name in NAMES)


def is_there_once(process, name):
    """Whether no step was stored twice: that would be another attempt."""
    return len(process.client.get(f"/runs/run1/overview?name={name}")["attempts"]) == 1


def sealed(database_url):
    """How many points are in chunks."""
    database = Database(database_url)
    with database.read() as connection:
        count = connection.scalar(text("SELECT coalesce(sum(n), 0) FROM series"))
    database.close()
    return count


def test_nothing_acknowledged_is_lost_however_often_the_server_is_killed(
    server_process, database_url
):
    moments, last = random.Random(1), -1  # noqa: S311 - no secret
    process = server_process("--database-url", database_url).start()
    for _ in range(3):
        last = send_until_killed(process, last + 1, 10, seconds=moments.uniform(0.1, 1.0))
        process = server_process("--database-url", database_url).start()
        assert is_kept(process, last)
    found = wait_for(lambda: process.client.get("/runs/run1/diagnoses")["diagnoses"])
    assert [(one["symptom"], one["first_step"]) for one in found] == [("nan_loss", 1)]
    assert wait_for(lambda: sealed(database_url) > 0)


def has_begun_to_seal(database_url):
    """Whether the first frame is not in the log any more."""
    database = Database(database_url)
    with database.read() as connection:
        first = connection.scalar(text("SELECT min(seq) FROM batch"))
    database.close()
    return first != 0


def test_the_crash_test_notices_frames_that_go_before_their_chunks_come(server_process, tmp_path):
    url = f"sqlite:///{tmp_path / 'careless.db'}"
    process = server_process("--database-url", url, program=CARELESS).start()
    last = send_until_killed(process, 0, 10, until=lambda: has_begun_to_seal(url))
    assert not is_kept(server_process("--database-url", url).start(), last)


def test_the_crash_test_notices_frames_that_are_stored_twice(server_process):
    for program, notices in ((None, False), (DOUBLING, True)):
        process = server_process(program=program).start()
        for seq in (0, 1, 2, 2, 3):
            assert process.client.send(nth(seq)).status == 200
        assert is_kept(process, 3) != notices
        process.stop()
