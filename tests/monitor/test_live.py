"""Live events reach those who want them, and nobody holds up anybody."""

import asyncio
import json
import math

import pytest
from starlette.requests import ClientDisconnect

import loops
from frames import frame, opening, points
from nanwatch.events import Cause, Diagnosed, Diagnosis, Heartbeat, RunEnded
from nanwatch_monitor import peers
from nanwatch_monitor.live import BUFFERED_BYTES, Hub, Viewer
from servers import wait_for

DIAGNOSIS = Diagnosis("nan_loss", "critical", 3, (Cause("nan_in_features", 0.9, "A cell."),))


@pytest.fixture(autouse=True)
def nobody_dies(monkeypatch):
    """A server that is slow to judge is not taken for dead, which would send its pages back."""
    monkeypatch.setattr(peers, "LOOK_AROUND_S", 3600.0)


def events_until(answer, last, **fields):
    """The (event, data) pairs of a stream up to the first event of a kind with these fields."""
    found, text = [], b""
    for piece in answer.stream(1):
        text += piece
        while b"\n\n" in text:
            block, _, text = text.partition(b"\n\n")
            if block.startswith(b":"):
                continue
            event, data = block.decode().split("\n")
            found.append((event.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
            if found[-1][0] == last and fields.items() <= found[-1][1].items():
                answer.close()
                return found
    raise AssertionError(f"the stream ended without {last}: {found}")


def test_a_run_is_followed_from_its_start_to_its_diagnosis(any_server):
    client = any_server.client
    answer = client.open_stream("?run=run1")
    client.send(opening(), frame(1, points([0, 1], batch_acc=[0.5, math.nan])))
    client.send(frame(2, Diagnosed(DIAGNOSIS)), frame(3, RunEnded("failed")))
    found = dict(events_until(answer, "alert"))
    assert found["points"] == {
        "run_id": "run1",
        "series": {"batch/acc": {"steps": [0, 1], "values": [0.5, "NaN"]}},
    }
    assert found["diagnosis"]["run_id"] == "run1"
    assert found["alert"]["label"] == found["diagnosis"]["causes"][0]["label"]


def test_the_list_hears_of_every_run_but_gets_no_points(any_server):
    client = any_server.client
    answer = client.open_stream()
    client.send(opening(), frame(1, points([0], batch_loss=[1])))
    client.send(frame(2, RunEnded("finished")))
    wait_for(lambda: client.get("/runs/run1")["state"] == "finished")
    found = events_until(answer, "run")
    assert {event for event, _ in found} == {"run"}


def test_a_page_hears_nothing_of_another_run(any_server):
    client = any_server.client
    answer = client.open_stream("?run=run1")
    client.send(opening("run2", "s2"), frame(1, Diagnosed(DIAGNOSIS), run_id="run2", stream="s2"))
    wait_for(lambda: client.get("/runs/run2/diagnoses")["diagnoses"])
    client.send(opening(), frame(1, points([0], batch_loss=[1])))
    assert {data.get("run_id", data.get("id")) for _, data in events_until(answer, "points")} == {
        "run1"
    }


def test_one_stream_serves_pages_of_several_runs_and_the_list(any_server):
    client = any_server.client
    answer = client.open_stream("?run=run1&run=run2&all=true")
    for run in ("run1", "run2", "run3"):
        client.send(
            opening(run, run), frame(1, points([0], batch_loss=[1]), run_id=run, stream=run)
        )
    found = events_until(answer, "run", id="run3")
    assert {data["run_id"] for event, data in found if event == "points"} == {"run1", "run2"}


def test_silence_is_announced_and_taken_back(start_server, clock):
    server = start_server(clock=clock)
    server.client.send(opening())
    answer = server.client.open_stream()
    clock.now += 40.0
    events_until(answer, "run", state="stale")
    server.client.send(frame(1, Heartbeat(3, 0.1)))
    assert server.client.get("/runs/run1")["state"] == "running"


def test_a_viewer_who_does_not_read_is_let_go():
    async def scenario():
        hub, slow, quick = Hub(), Viewer((), True, buffered=3), Viewer((), True)
        hub.attach(asyncio.get_running_loop())
        hub.join(slow)
        hub.join(quick)
        for number in range(10):
            hub.publish("run", "run1", lambda number=number: number)
            await asyncio.sleep(0)
        assert hub.viewers == 1
        assert [event async for event in slow.events()] == [b": nanwatch\n\n"]
        hub.close()
        assert len([event async for event in quick.events()]) == 2  # the comment and `gone`

    loops.run(scenario())


def test_a_viewer_holds_no_more_than_so_many_bytes():
    viewer = Viewer((), True)
    assert viewer.offer(bytes(BUFFERED_BYTES))
    assert not viewer.offer(b"x")


def test_an_event_is_encoded_once_for_all_who_hear_of_it():
    async def scenario():
        hub, viewers, made = Hub(), [Viewer(["run1"], False) for _ in range(3)], []
        hub.attach(asyncio.get_running_loop())
        for viewer in viewers:
            hub.join(viewer)
        hub.publish_points("run1", lambda: made.append(1) or {"run_id": "run1"})
        await asyncio.sleep(0)
        first, *others = [viewer._queue.get_nowait() for viewer in viewers]
        assert (made, [event is first for event in others]) == ([1], [True, True])

    loops.run(scenario())


def test_nothing_is_encoded_for_nobody():
    async def scenario():
        hub = Hub()
        hub.attach(asyncio.get_running_loop())
        hub.publish("run", "run1", lambda: 1 / 0)
        hub.join(Viewer(["run2"], False))
        hub.publish_points("run1", lambda: 1 / 0)

    loops.run(scenario())


def test_a_page_that_is_gone_before_the_first_byte_is_forgotten(any_server):
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "method": "GET",
        "path": "/api/v1/stream",
        "query_string": b"",
        "headers": [
            (b"host", b"localhost"),
            (b"authorization", f"Bearer {any_server.token}".encode()),
        ],
    }

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def broken(_message):
        raise BrokenPipeError

    with pytest.raises(ClientDisconnect):
        loops.run(any_server.app(scope, receive, broken))
    assert any_server.monitor.hub.viewers == 0


def test_the_server_says_that_it_leaves(any_server):
    answer = any_server.client.open_stream()
    any_server._server.should_exit = True
    assert events_until(answer, "gone") == [("gone", {})]


def test_who_was_silent_before_the_server_came_back_is_noticed(start_server, clock):
    first = start_server(clock=clock)
    first.client.send(opening())
    first.stop()
    second = start_server(clock=clock)
    wait_for(lambda: second.monitor.news._living)
    answer = second.client.open_stream()
    clock.now += 40.0
    events_until(answer, "run", state="stale")
