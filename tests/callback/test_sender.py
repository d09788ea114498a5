"""The sender: everything arrives once, whatever the network does; the terminal stays quiet."""

import threading

import pytest

from ledger_server import Fault, LedgerServer, black_hole, free_port
from nanwatch import sender as module
from nanwatch.local_monitor import MonitorUnavailableError
from nanwatch.sender import Backoff, Sender
from nanwatch.transport import Endpoint, NamedServer
from servers import wait_for
from spools import at, filled


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(module, "FIRST_RETRY_S", 0.01)
    monkeypatch.setattr(module, "LAST_RETRY_S", 0.05)


@pytest.fixture
def sending(tmp_path):
    """Starts senders and ends them."""
    begun = []

    def begin(url_or_server, n=6):
        named = isinstance(url_or_server, str)
        where = NamedServer(Endpoint(url_or_server, "t")) if named else url_or_server
        said, firsts = [], []
        spool = filled(tmp_path, n)
        sender = Sender(spool, where, said.append, firsts.append)
        sender.start()
        begun.append(sender)
        return sender, spool, said, firsts

    yield begin
    for sender in begun:
        sender.finish(0.0)
        sender._thread.join(20)
        assert not sender._thread.is_alive()


def test_points_go_on_arriving_and_the_page_is_told_once(server, sending):
    sender, spool, said, firsts = sending(server.url)
    server.wait_for(lambda: server.steps() == [1, 2, 3, 4, 5])
    spool.append([at(6)])
    sender.wake()
    server.wait_for(lambda: server.steps()[-1] == 6)
    assert len(firsts) == 1
    assert said == []


def test_finish_delivers_what_is_left(server, sending):
    sender, spool, _, _ = sending(server.url)
    for step in range(6, 50):
        spool.append([at(step)])
    sender.finish(10)
    assert server.steps() == list(range(1, 50))
    assert spool.backlog == 0


def test_a_cut_after_the_body_makes_no_duplicates(server, sending, quick):
    server.faults.extend([Fault(store=True, cut=True), Fault(cut=True)] * 3)
    sending(server.url)
    server.wait_for(lambda: not server.faults and server.steps() == [1, 2, 3, 4, 5])


def test_an_outage_is_said_once_and_so_is_its_end(server, sending, quick):
    server.faults.extend([Fault(503)] * 8)
    _, _, said, _ = sending(server.url)
    server.wait_for(lambda: len(said) == 2)
    assert "takes nothing at the moment" in said[0]
    assert "is back" in said[1]
    assert server.steps() == [1, 2, 3, 4, 5]


def test_one_failure_alone_is_not_worth_a_word(server, sending, quick):
    server.faults.append(Fault(cut=True))
    sender, _, said, _ = sending(server.url)
    sender.finish(10)
    assert said == []
    assert server.steps() == [1, 2, 3, 4, 5]


def test_a_server_that_comes_late_gets_everything(sending, quick):
    port = free_port()
    _, spool, _, _ = sending(f"http://127.0.0.1:{port}")
    spool.append([at(6)])
    with LedgerServer(port) as server:
        server.wait_for(lambda: server.steps() == [1, 2, 3, 4, 5, 6])


def test_a_refused_token_ends_the_sender_with_one_word(server, sending):
    server.always = Fault(401)
    sender, spool, said, _ = sending(server.url)
    sender._thread.join(10)
    assert len(said) == 1
    assert "NANWATCH_TOKEN" in said[0]
    assert "nanwatch sync" in said[0]
    assert spool.backlog == 6


def test_a_run_that_has_finished_on_the_server_is_said_once_and_kept(server, sending):
    server.always = Fault(409, body=b'{"code": "run_finished", "detail": "the run has finished"}')
    sender, spool, said, _ = sending(server.url)
    sender._thread.join(10)
    assert said == ["the run has finished; nothing more is sent, all is kept on disk."]
    assert (spool.backlog, len(server.requests)) == (6, 1)


def test_a_refused_frame_is_said_with_its_place(server, sending):
    take = server.take
    server.take = lambda body: (400, {}) if b"batch/loss" in body else take(body)
    sender, _, said, _ = sending(server.url, n=2)
    sender.finish(10)
    assert len(said) == 1
    assert "rejected" in said[0]


class Unavailable:
    """No monitor at first; somebody starts one later."""

    def __init__(self, url):
        self.url = url
        self.open = threading.Event()

    def find(self):
        return Endpoint(self.url, None, local=True) if self.open.is_set() else None

    def has_died(self):
        return False

    def find_or_start(self, _timeout_s, _pause):
        raise MonitorUnavailableError("the local monitor is not installed", "why", "Do this.")


def test_without_a_monitor_the_run_is_recorded_until_one_is_there(server, sending, monkeypatch):
    monkeypatch.setattr(module, "LOOK_AGAIN_S", 0.02)
    place = Unavailable(server.url)
    _, _, said, _ = sending(place)
    server.wait_for(lambda: said)
    assert "not installed: why. Do this. Until then this run is recorded on disk only." in said[0]
    place.open.set()
    server.wait_for(lambda: server.steps() == [1, 2, 3, 4, 5])


def test_a_local_monitor_that_moved_is_found_again(sending, quick):
    with LedgerServer() as first:
        place = Unavailable(first.url)
        place.open.set()
        place.find_or_start = lambda *_: place.find()
        _, spool, _, _ = sending(place)
        first.wait_for(lambda: first.steps() == [1, 2, 3, 4, 5])
    with LedgerServer() as second:
        place.url = second.url
        second.streams = first.streams
        spool.append([at(6)])
        second.wait_for(lambda: second.steps()[-1] == 6)


def test_an_unforeseen_fault_ends_in_words_and_not_in_the_training(server, sending):
    def broken(_timeout_s, _pause):
        raise ZeroDivisionError("surprise")

    place = Unavailable(server.url)
    place.find_or_start = broken
    sender, _, said, _ = sending(place)
    sender._thread.join(10)
    assert "ZeroDivisionError: surprise" in said[0]


PATIENCE_S = 600  # far beyond what a test may take: who waits for it fails


@pytest.mark.timeout(60)
def test_a_server_that_takes_nothing_is_not_waited_for_at_the_end(sending, quick):
    sender, spool, said, _ = sending(f"http://127.0.0.1:{free_port()}")
    wait_for(lambda: said)
    sender.finish(PATIENCE_S)
    assert spool.backlog == 6


@pytest.mark.timeout(60)
def test_nor_is_one_that_answers_nothing(sending, monkeypatch):
    monkeypatch.setattr("nanwatch.breaker.UNANSWERED_S", 0.1)
    with black_hole() as hole:
        sender, spool, _, _ = sending(f"http://127.0.0.1:{hole.getsockname()[1]}")
        sender.finish(PATIENCE_S)
        assert spool.backlog == 6


@pytest.mark.timeout(60)
def test_the_end_waits_no_longer_than_it_is_told_for_an_answer_that_never_comes(
    sending, monkeypatch
):
    monkeypatch.setattr("nanwatch.transport.READ_S", PATIENCE_S)
    with black_hole() as hole:
        sender, spool, _, _ = sending(f"http://127.0.0.1:{hole.getsockname()[1]}")
        connection, _ = hole.accept()
        with connection:
            assert connection.recv(1)
            sender.finish(0.2)
            assert sender._thread.is_alive()
    assert spool.backlog == 6


@pytest.mark.timeout(60)
@pytest.mark.parametrize("asked_before_the_end", [True, False])
def test_nor_is_one_that_wants_to_be_left_alone_for_longer(server, sending, asked_before_the_end):
    server.always = Fault(429, {"Retry-After": "300"})
    sender, spool, _, _ = sending(server.url)
    if asked_before_the_end:
        wait_for(lambda: server.requests)
    sender.finish(PATIENCE_S / 10)
    assert spool.backlog == 6


def test_a_run_that_ends_comes_when_the_server_said_and_not_before(server, sending):
    server.faults.append(Fault(503, {"Retry-After": "1"}))
    sender, spool, _, _ = sending(server.url)
    server.wait_for(lambda: server.requests)
    sender.finish(30)
    assert spool.backlog == 0


def test_the_end_of_a_run_is_worth_a_try_that_may_succeed(sending):
    port = free_port()
    sender, spool, said, _ = sending(f"http://127.0.0.1:{port}")
    wait_for(lambda: said)
    with LedgerServer(port):
        sender.finish(30)
    assert spool.backlog == 0


def test_backoff_doubles_with_full_jitter_and_honours_the_server():
    longest = Backoff(draw=max)
    waits = [longest.next(None) for _ in range(10)]
    assert waits[:3] == [0.2, 0.4, 0.8]
    assert waits[-1] == 30.0
    assert Backoff(draw=min).next(7.0) == 7.0


def test_the_deletion_of_a_run_is_said_once(server, sending):
    server.always = Fault(410, body=b'{"code": "deleted_run"}')
    sender, spool, said, _ = sending(server.url)
    server.wait_for(lambda: spool.backlog == 0)
    spool.append([at(6)])
    sender.finish(10)
    assert spool.backlog == 0
    assert said == ["the run was deleted on the server; the training goes on, unrecorded"]
