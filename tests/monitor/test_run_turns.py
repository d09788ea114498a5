"""Trouble is told once, and so is its end."""

import pytest

from frames import frame, opening, points
from nanwatch.events import Heartbeat
from nanwatch_monitor.run_record import Description, Progress, Run
from nanwatch_monitor.run_turns import Turns
from servers import wait_for

RUN = Run(1, "run1", 0.0, Description("brave-fox", "zoo", (), {}, {}), Progress(1000.0))


@pytest.mark.parametrize(
    ("states", "told"),
    [
        (["running", "stale", "running", "finished"], []),
        (["running", "stale", "lost", "lost", "running"], ["lost", "running"]),
        (["lost", "finished", "finished"], ["lost", "finished"]),
        (
            ["hung", "stale", "lost", "stale", "hung", "running"],
            ["hung", "lost", "hung", "running"],
        ),
    ],
)
def test_each_trouble_and_each_return_is_told_once(states, told):
    turns = Turns()
    found = [turns.of(RUN, state) for state in states]
    assert [turn.after for turn in found if turn] == told


def test_the_correction_says_what_was_told_before():
    turns = Turns()
    turns.of(RUN, "lost")
    assert turns.of(RUN, "running").words == "it is running after all; it was told to be lost"


def test_the_server_tells_of_a_run_that_is_lost_and_of_its_return(start_server, clock, caplog):
    server = start_server(clock=clock)
    server.client.send(opening())
    wait_for(lambda: server.monitor.news._living)
    clock.now += 400.0
    wait_for(lambda: "run run1 is lost: no contact since" in caplog.text)
    server.client.send(frame(1, points([1], batch_loss=[0.5])))
    wait_for(lambda: "run run1 is running: it is running after all" in caplog.text)
    server.client.send(frame(2, Heartbeat(1, 400.0, 300.0)))
    wait_for(lambda: "run run1 is hung: no step since" in caplog.text)
