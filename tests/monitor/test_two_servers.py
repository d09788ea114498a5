"""Two server processes on one PostgreSQL: when one is killed, the other carries on alone."""

import itertools
import math
from pathlib import Path

import pytest
from urllib3.exceptions import HTTPError

from frames import frame, opening, points
from monitor.sinks import sink
from nanwatch.events import RunEnded
from servers import wait_for

LAZY = Path(__file__).with_name("lazy.py")
NAN_STEP, LAST_STEP = 30, 60


def value_at(step):
    return math.nan if step == NAN_STEP else 1.0 / (1 + step)


def frames_of(run_id):
    """Frames of a run whose loss turns NaN once."""
    stream = f"stream-of-{run_id}"
    yield opening(run_id, stream)
    for step in range(LAST_STEP):
        yield frame(
            step + 1, points([step], batch_loss=[value_at(step)]), run_id=run_id, stream=stream
        )
    yield frame(LAST_STEP + 1, RunEnded("finished"), run_id=run_id, stream=stream)


def deliver(frame, clients):
    """Bring a frame to whoever answers, each in turn, as a load balancer does it."""
    for client in itertools.islice(clients, 4):
        try:
            assert client.send(frame).status == 200
        except HTTPError:
            continue
        return
    raise AssertionError("no server answers")


@pytest.fixture
def receiver():
    with sink() as receiver:
        yield receiver


@pytest.fixture
def start_pair(server_process, postgres, receiver):
    """Starts two servers that share a database and tell one receiver."""
    settings = {
        "NANWATCH_DATABASE_URL": postgres.new_database(),
        "NANWATCH_WEBHOOK_URL": receiver.url,
        "NANWATCH_WEBHOOK_ALLOW": "127.0.0.0/8",
    }

    def start(program=None):
        both = [server_process(program=one, **settings).launch() for one in (program, None)]
        return [process.wait_until_it_serves() for process in both]

    return start


def steps_of(client, run_id):
    """The steps that are stored of a run, after a look at their values."""
    found = client.get(f"/runs/{run_id}/points?name=batch/loss")
    values = ["NaN" if step == NAN_STEP else value_at(step) for step in found["steps"]]
    assert found["values"] == values
    return found["steps"]


@pytest.mark.parametrize("killed_after", [NAN_STEP - 5, NAN_STEP + 1])
def test_when_one_is_killed_nothing_is_lost_and_nothing_said_twice(
    start_pair, receiver, killed_after
):
    first, second = start_pair()
    clients = itertools.cycle([first.client, second.client])
    for sent in frames_of("run1"):
        deliver(sent, clients)
        if sent.seq == killed_after:
            first.kill()
    wait_for(lambda: receiver.received)
    for sent in frames_of("run2"):  # the next alert comes after any repetition of the last one
        deliver(sent, clients)
    wait_for(lambda: {told["run"]["id"] for told in receiver.received} == {"run1", "run2"})
    for run_id in ("run1", "run2"):
        assert steps_of(second.client, run_id) == list(range(LAST_STEP))
        (diagnosis,) = second.client.get(f"/runs/{run_id}/diagnoses")["diagnoses"]
        assert (diagnosis["symptom"], diagnosis["first_step"]) == ("nan_loss", NAN_STEP)
    assert len(receiver.received) == 2


def test_a_stream_whose_last_frame_a_dying_server_took_is_judged_by_the_other(start_pair, receiver):
    first, second = start_pair(LAZY)
    page = second.client.open_stream("?run=run1")
    for sent in itertools.islice(frames_of("run1"), NAN_STEP + 2):
        assert first.client.send(sent).status == 200
    first.kill()
    wait_for(lambda: receiver.received)
    b"".join(page.stream())  # it is sent back, to read what the dead one may not have told
    assert len(second.client.get("/alerts")["alerts"]) == 1
    assert steps_of(second.client, "run1") == list(range(NAN_STEP + 1))
