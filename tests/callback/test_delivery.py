"""Every answer of a server leads to the right next step, and every frame arrives exactly once."""

from unittest.mock import ANY

import pytest

from ledger_server import Fault
from nanwatch import wire
from nanwatch.delivery import (
    MEND_TOKEN,
    Advanced,
    Again,
    Deleted,
    Delivery,
    Idle,
    Refused,
    Retry,
    SetAside,
)
from nanwatch.events import Gap, RunStarted
from nanwatch.spool import Stream
from nanwatch.transport import Endpoint, Link
from spools import STARTED, at, filled


@pytest.fixture
def spool(tmp_path):
    return filled(tmp_path, 6)


@pytest.fixture
def delivery(server, spool):
    link = Link(Endpoint(server.url, "secret"))
    yield Delivery(spool, link)
    link.close()


def run_to_the_end(delivery, most=60):
    """Every outcome until nothing is left."""
    outcomes = []
    while not isinstance(outcome := delivery.step(), Idle | Refused):
        outcomes.append(outcome)
        assert len(outcomes) < most, outcomes
    return [*outcomes, outcome]


def test_frames_go_together_in_order_with_the_token(server, delivery):
    (advanced, _) = run_to_the_end(delivery)
    assert (advanced.frames, advanced.pause_s) == (6, 0.01)
    assert server.steps() == [1, 2, 3, 4, 5]
    ((path, headers, _),) = server.requests
    assert path == "/api/v1/ingest"
    assert headers["Authorization"] == "Bearer secret"
    assert headers["Content-Type"] == wire.CONTENT_TYPE


def test_acknowledged_frames_are_not_sent_again(server, spool, delivery):
    run_to_the_end(delivery)
    spool.append([at(6)])
    run_to_the_end(delivery)
    assert spool.backlog == 0
    assert sum(len(list(wire.split(body))) for _, _, body in server.requests) == 7


@pytest.mark.parametrize(
    ("fault", "asked_s"),
    [
        (Fault(500), None),
        (Fault(503, {"Retry-After": "7"}), 7),
        (Fault(429), 1),
        (Fault(429, {"Retry-After": "5"}), 5),
        (Fault(429, {"Retry-After": "86400"}), 300),
        (Fault(429, {"Retry-After": "soon"}), 1),
        (Fault(503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), None),
        (Fault(404, body=b"<html>"), None),
        (Fault(302, {"Location": "http://evil.example/"}), None),
        (Fault(200, body=b"<html>welcome"), None),
        (Fault(200, body=b'{"acked": "all"}'), None),
        (Fault(200, body=b'{"acked": -1}'), None),
        (Fault(200, body=b"[" * 10_000), None),
        (Fault(200, body=b"x" * 200_000), None),
        (Fault(cut=True), None),
        (Fault(store=True, cut=True), None),
    ],
)
def test_what_may_pass_is_tried_again_and_then_arrives_once(
    server, spool, delivery, fault, asked_s
):
    server.faults.append(fault)
    outcome = delivery.step()
    assert isinstance(outcome, Retry)
    assert outcome.after_s == asked_s
    run_to_the_end(delivery)
    assert server.steps() == [1, 2, 3, 4, 5]
    assert spool.backlog == 0


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_stops_and_keeps_everything(server, spool, delivery, status):
    server.faults.append(Fault(status, body=b'{"detail": "no such token"}'))
    outcome = delivery.step()
    assert isinstance(outcome, Refused)
    assert "no such token" in outcome.why
    assert spool.backlog == 6


@pytest.mark.parametrize(
    ("status", "code", "how"), [(404, "foreign_project", MEND_TOKEN), (409, "run_finished", "")]
)
def test_a_run_that_is_not_for_this_stream_stops_it_and_keeps_everything(
    server, spool, delivery, status, code, how
):
    server.always = Fault(status, body=b'{"code": "%s", "detail": "words"}' % code.encode())
    outcomes = run_to_the_end(delivery)
    assert len(outcomes) == len(server.requests) == 1
    assert ("words" in outcomes[0].why, outcomes[0].how) == (True, how)
    assert spool.backlog == 6


def refuse(server, bad_seq, status=400):
    """The server refuses one frame for what is in it; its stand-in is welcome."""
    take = server.take

    def picky(body):
        frames = [frame for frame, _ in wire.decode_all(body)]
        bad = [f for f in frames if f.seq == bad_seq and not is_stand_in(f)]
        return (status, {"detail": "bad frame"}) if bad else take(body)

    server.take = picky


def is_stand_in(frame):
    plainest = RunStarted(STARTED.name, STARTED.project)
    return all(isinstance(event, Gap) or event == plainest for event in frame.events)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_one_bad_frame_is_found_set_aside_and_the_others_go_on(server, spool, delivery, status):
    refuse(server, 3, status)
    outcomes = run_to_the_end(delivery)
    (aside,) = [outcome for outcome in outcomes if isinstance(outcome, SetAside)]
    assert server.steps() == [1, 2, 4, 5]
    assert Gap(1, 3, 3) in server.events()
    assert [path.name for path in aside.folder.iterdir()] == ["000000000003.frame"]
    assert spool.backlog == 0


def test_a_refused_introduction_is_said_in_plainer_words(server, spool, delivery):
    refuse(server, 0)
    run_to_the_end(delivery)
    assert server.events()[0] == RunStarted("calm-otter-17", "default")
    assert server.steps() == [1, 2, 3, 4, 5]


def test_a_server_that_refuses_everything_is_left_alone(server, spool, delivery):
    server.always = Fault(400)
    assert isinstance(run_to_the_end(delivery)[-1], Refused)
    assert spool.backlog == 6


def test_a_server_that_forgot_the_run_gets_it_from_the_start(server, spool, delivery):
    run_to_the_end(delivery)
    server.streams.clear()
    spool.append([at(6)])
    assert isinstance(delivery.step(), Again)
    run_to_the_end(delivery)
    assert server.events()[0] == STARTED
    assert server.steps()[-1] == 6


def test_a_server_that_does_not_know_the_run_gets_the_introduction(server, spool, delivery):
    server.faults.append(Fault(404, body=b'{"code": "unknown_run"}'))
    run_to_the_end(delivery)
    assert server.steps() == [1, 2, 3, 4, 5]


def test_a_lost_cursor_makes_duplicates_that_are_stored_once(server, spool, delivery):
    run_to_the_end(delivery)
    (spool.directory / "cursor").unlink()
    spool.append([at(6)])
    spool.close(delivered=False)
    stream = Stream.open(spool.directory)
    run_to_the_end(Delivery(stream, delivery.link))
    assert server.steps() == [1, 2, 3, 4, 5, 6]
    stream.close(delivered=True)


@pytest.mark.parametrize("expected", [b"99", b"-1", b"true", b'"0"', b"1e300"])
def test_an_expectation_that_makes_no_sense_does_not_move_the_cursor(
    server, spool, delivery, expected
):
    server.always = Fault(409, body=b'{"expected": ' + expected + b"}")
    outcomes = run_to_the_end(delivery)
    assert isinstance(outcomes[-1], Refused)
    assert spool.backlog == 6


def test_a_server_that_turns_in_a_circle_is_left(server, spool, delivery):
    server.always = Fault(409, body=b'{"expected": 0}')
    assert isinstance(run_to_the_end(delivery)[-1], Refused)


def test_big_backlogs_go_in_requests_of_at_most_a_mebibyte(server, tmp_path, delivery):
    spool = filled(tmp_path / "big", 1)
    for step in range(40):
        spool.append([at(step, f"batch/{k}") for k in range(1000)])
    big = Delivery(spool, delivery.link)
    outcomes = run_to_the_end(big)
    assert len([o for o in outcomes if isinstance(o, Advanced)]) > 1
    assert max(len(body) for _, _, body in server.requests) <= 1 << 20
    assert len(server.steps("batch/7")) == 40


def test_what_is_left_of_a_deleted_run_is_dropped_and_not_sent(server, spool, delivery):
    server.faults.append(Fault(410, body=b'{"code": "deleted_run"}'))
    assert run_to_the_end(delivery) == [Deleted(6), Idle()]
    spool.append([at(6)])
    assert run_to_the_end(delivery) == [Deleted(1), Idle()]
    assert (len(server.requests), spool.backlog) == (1, 0)


def test_a_page_that_is_gone_for_another_reason_drops_nothing(server, spool, delivery):
    server.faults.append(Fault(410, body=b"<html>"))
    assert isinstance(delivery.step(), Retry)
    assert run_to_the_end(delivery) == [Advanced(6, ANY, 0.01), Idle()]
