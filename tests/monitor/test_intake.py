"""Requests share a commit, each is answered for itself, and no more wait than there is room for."""

import threading

import pytest
from sqlalchemy.exc import IntegrityError

from frames import frame, opening, points
from nanwatch import wire
from nanwatch_monitor.intake import BusyError, Intake
from nanwatch_monitor.room import Room
from nanwatch_monitor.store.appending import Appending
from nanwatch_monitor.store.log import BatchLog
from nanwatch_monitor.store.receipts import SequenceGapError, UnknownRunError
from servers import wait_for


def request(*frames):
    return Appending([(one, wire.encode(one)) for one in frames])


def opened(name):
    return request(opening(run_id=name, stream=name))


class SlowLog(BatchLog):
    """A log that waits for leave to commit, and notes how many requests came together."""

    def __init__(self, database):
        super().__init__(database)
        self.leave, self.groups = threading.Semaphore(0), []

    def append_all(self, requests, now):
        self.leave.acquire()
        self.groups.append(len(requests))
        return super().append_all(requests, now)


@pytest.fixture
def slow_log(store):
    return SlowLog(store.database)


@pytest.fixture
def intake(slow_log):
    running = Intake(slow_log, (), lambda: 1000.0, Room(points=100))
    running.start()
    yield running
    slow_log.leave.release(1000)
    running.stop()


def test_what_waits_is_committed_together_and_answered_apart(intake, slow_log, store):
    first = intake.submit(opened("a"))
    others = [intake.submit(opened(name)) for name in "bcd"]
    unknown = intake.submit(request(frame(3, points([0], batch_loss=[1]), run_id="e", stream="e")))
    assert not first.done()
    slow_log.leave.release(2)
    assert [one.result(20).acked for one in (first, *others)] == [0] * 4
    assert isinstance(unknown.exception(20), UnknownRunError)
    assert sum(slow_log.groups) == 5
    assert len(slow_log.groups) <= 2
    assert [head.last_seq for name in "abcd" for head in store.log.heads(name)] == [0] * 4


def test_two_requests_of_one_run_in_one_commit_follow_each_other(intake, slow_log, store):
    intake.submit(opened("other"))
    sent = [opening(), *(frame(n, points([n], batch_loss=[n])) for n in (1, 2, 4))]
    told = [intake.submit(request(one)) for one in sent]
    again = intake.submit(request(*sent[:3]))
    slow_log.leave.release(2)
    assert [one.result(20).acked for one in told[:3]] == [0, 1, 2]
    assert isinstance(told[3].exception(20), SequenceGapError)
    assert (again.result(20).duplicates, again.result(20).fresh) == (3, ())
    assert store.runs.find("run1").progress.last_step == 2


def test_a_quiet_run_is_answered_before_loud_ones_that_came_earlier(intake, slow_log):
    for name in "ab":  # one after the other: each takes one leave
        slow_log.leave.release()
        assert intake.submit(opened(name)).result(20).acked == 0
    held = intake.submit(opened("c"))
    wait_for(lambda: not intake._waiting)  # its commit has begun, and the others have to wait
    much, little = (
        intake.submit(
            request(frame(1, points(range(n), batch_loss=range(n)), run_id=run, stream=run))
        )
        for run, n in (("a", 60), ("b", 1))
    )
    slow_log.leave.release(2)
    assert (held.result(20).acked, little.result(20).acked, much.done()) == (0, 1, False)
    slow_log.leave.release()
    assert much.result(20).acked == 1


def flood(intake, one):
    for _ in range(9):
        intake.submit(one)


def test_who_finds_no_room_is_told_when_to_come_again(intake, slow_log):
    begun = intake.submit(opened("a"))
    slow_log.leave.release()
    begun.result(20)
    blocks = [
        frame(n, points(range(30), batch_loss=range(30)), run_id="a", stream="a") for n in (1, 2)
    ]
    held = intake.submit(request(blocks[0]))
    wait_for(lambda: not intake._waiting)  # from now on the others have the room to themselves
    with pytest.raises(BusyError) as refused:
        flood(intake, request(blocks[1]))
    assert 1 <= refused.value.retry_s <= 30
    assert intake.pace_s > 0.2
    quiet = intake.submit(opened("b"))
    slow_log.leave.release(100)
    assert (held.result(20).acked, quiet.result(20).acked) == (1, 0)


def test_a_request_that_the_database_refuses_does_not_take_the_others_with_it(store):
    class Picky(BatchLog):
        def append_all(self, requests, now):
            if any(one.run_id == "bad" for one in requests):
                raise IntegrityError("INSERT", None, ValueError())
            return super().append_all(requests, now)

    intake = Intake(Picky(store.database), (), lambda: 1000.0)
    told = {name: intake.submit(opened(name)) for name in ("a", "bad", "b")}
    intake.start()
    intake.stop()
    assert [told[name].result(0).acked for name in "ab"] == [0, 0]
    assert isinstance(told["bad"].exception(0), IntegrityError)


def test_what_waits_is_stored_before_the_intake_leaves(store):
    intake = Intake(store.log, (), lambda: 1000.0)
    told = intake.submit(opened("a"))
    intake.start()
    intake.stop()
    assert told.result(0).acked == 0
