"""Tokens that people make: how far they go, how often they may ask, and how they end."""

import pytest

from nanwatch_monitor.api.live import MOST_STREAMS
from nanwatch_monitor.limits import Allowance
from nanwatch_monitor.rights import SCOPES
from nanwatch_monitor.security import Guard
from nanwatch_monitor.store.tokens import digest
from servers import Client, wait_for


@pytest.fixture
def make(any_server):
    """Makes tokens; the answer's JSON and a client that uses the secret."""
    clients = []

    def made(scope="read", **more):
        wanted = {"name": "ci", "scope": scope, **more}
        answer = any_server.client.ask("POST", "/api/v1/tokens", json=wanted)
        assert answer.status == 201, answer.data
        clients.append(Client(any_server.url, answer.json()["token"]))
        return answer.json(), clients[-1]

    yield made
    for client in clients:
        client.close()


def listed(server):
    return {token["id"]: token for token in server.client.get("/tokens")["tokens"]}


@pytest.mark.parametrize("scope", SCOPES)
def test_a_token_says_what_it_is_for_and_is_shown_once(make, any_server, scope):
    token, _ = make(scope)
    assert token["token"].startswith(f"nw_{scope[0]}_")
    assert len(token.pop("token")) == len("nw_r_") + 43  # 256 bits
    assert listed(any_server)[token["id"]] == token


def test_a_token_that_has_many_streams_leaves_the_rest_for_others(make, any_server):
    _, greedy = make("read")
    _, other = make("read")
    streams = [greedy.open_stream() for _ in range(MOST_STREAMS)]
    assert {stream.status for stream in streams} == {200}
    refused, heard = greedy.open_stream(), other.open_stream()
    assert (refused.status, refused.json()["code"]) == (429, "too_many_streams")
    assert heard.status == 200
    streams.pop().close()
    wait_for(lambda: greedy.open_stream().status == 200)
    for stream in (*streams, heard):
        stream.close()


def test_the_store_keeps_digests_of_tokens_and_nothing_else(store):
    token, secret = store.tokens.create("ci", "write", "zoo", None, now=1.0)
    found = store.tokens.find(digest(secret), now=2.0)
    assert (found.token_id, found.scope, found.project) == (token.id, "write", "zoo")
    with store.database.read() as connection:
        row = connection.exec_driver_sql("SELECT * FROM api_token").one()
    assert secret not in map(str, row)


def test_a_token_ends_when_it_expires(store):
    _, secret = store.tokens.create("ci", "read", None, 10.0, now=1.0)
    assert store.tokens.find(digest(secret), now=9.9)
    assert store.tokens.find(digest(secret), now=10.0) is None


def test_a_session_ends_with_the_token_that_it_comes_from(store):
    token, _ = store.tokens.create("ci", "read", None, None, now=1.0)
    code = store.access.new_code(1.0, token.id)
    session = digest(store.access.new_session(2.0, store.access.redeem(code, 2.0).token_id))
    own = digest(store.access.new_session(2.0))
    assert store.access.find_session(session, 3.0).scope == "read"
    store.tokens.revoke(token.id, 4.0)
    assert store.access.find_session(session, 5.0) is None
    assert store.access.good({session, own, "unknown"}, 5.0) == {own}


def test_a_revoked_token_opens_nothing_and_its_open_stream_ends(make, any_server):
    token, client = make()
    stream = client.open_stream()
    assert stream.status == 200
    wait_for(lambda: any_server.monitor.hub.viewers == 1)
    revoked = any_server.client.ask("DELETE", f"/api/v1/tokens/{token['id']}")
    assert revoked.json()["revoked_at"]
    assert client.ask("GET", "/api/v1/runs").status == 401
    assert b"event" not in stream.read()  # to its end: it would never end by itself
    assert any_server.monitor.hub.viewers == 0


def test_the_stream_of_a_session_ends_with_its_token_too(make, any_server):
    token, client = make()
    pasted = {"token": token["token"]}
    cookie = client.ask("POST", "/login", json=pasted).headers["set-cookie"].partition(";")[0]
    browser = Client(any_server.url)
    stream = browser.ask("GET", "/api/v1/stream", {"Cookie": cookie}, preload_content=False)
    wait_for(lambda: any_server.monitor.hub.viewers == 1)
    any_server.client.ask("DELETE", f"/api/v1/tokens/{token['id']}")
    stream.read()
    assert browser.ask("GET", "/api/v1/runs", {"Cookie": cookie}).status == 401
    browser.close()


def test_a_token_that_only_writes_opens_no_pages(make):
    token, client = make("write")
    answer = client.ask("POST", "/login", json={"token": token["token"]})
    assert (answer.status, "set-cookie" in answer.headers) == (403, False)


def test_when_a_token_was_used_last_is_known(make, any_server):
    token, client = make()
    client.get("/runs")
    any_server.monitor.keys.note_use()
    assert listed(any_server)[token["id"]]["last_used_at"] >= token["created_at"]


def test_a_token_that_does_not_go_so_far_is_told_what_is_needed(make):
    _, client = make("read")
    answer = client.ask("POST", "/api/v1/tokens", json={"name": "x", "scope": "admin"})
    told = answer.json()
    assert (answer.status, told["code"], told["scope"], told["needs"]) == (
        403, "scope", "read", "admin",
    )  # fmt: skip


def test_about_tells_how_far_the_askers_token_goes(make, any_server):
    told = make("read")[1].get("/about")
    assert (told["scope"], told["auth"], told["database"]["runs"]) == ("read", True, 0)
    assert told["database"]["size_bytes"] > 0
    assert any_server.client.get("/about")["scope"] == "admin"


def test_wrong_tokens_are_answered_ten_times_and_right_ones_always(make, any_server, monkeypatch):
    _, client = make()
    (guard,) = [one for one in any_server.app.user_middleware if one.cls is Guard]
    monkeypatch.setattr(guard.kwargs["limits"]._failures, "_clock", lambda: 0.0)  # no refill
    guesser = Client(any_server.url, "nw_a_wrong")
    answers = [guesser.ask("GET", "/api/v1/runs") for _ in range(12)]
    assert [answer.status for answer in answers] == [401] * 10 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) in range(1, 7)
    pasted = guesser.ask("POST", "/login", json={"token": "nw_a_guess"})
    assert pasted.status == 429
    assert guesser.ask("GET", "/login?code=guess").status == 429
    assert client.ask("GET", "/api/v1/runs").status == 200  # from the same address
    guesser.close()


def test_a_token_that_asks_too_often_is_held_back_and_no_other(start_server):
    server = start_server(requests_per_s=0.001)
    wanted = {"name": "other", "scope": "read"}
    first, second = [server.client.ask("POST", "/api/v1/tokens", json=wanted) for _ in range(2)]
    assert (first.status, second.status, second.json()["code"]) == (201, 429, "too_often")
    other = Client(server.url, first.json()["token"])
    assert other.ask("GET", "/api/v1/runs").status == 200
    other.close()


def test_an_allowance_is_refilled_by_and_by(clock):
    allowance = Allowance(per_s=2, at_once=3, clock=clock)
    assert [allowance.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert allowance.take("b") == 0
    clock.now += 0.5
    assert [allowance.take("a") for _ in range(2)] == [0, 0.5]
    clock.now += 1000
    assert [allowance.take("a") for _ in range(4)].count(0) == 3


def test_a_token_that_one_server_revokes_is_refused_by_the_others(start_server, postgres):
    url = postgres.new_database()
    here, there = start_server(database_url=url), start_server(database_url=url)
    made = here.client.ask("POST", "/api/v1/tokens", json={"name": "x", "scope": "read"}).json()
    client = Client(there.url, made["token"])
    stream = client.open_stream()
    assert stream.status == 200
    here.client.ask("DELETE", f"/api/v1/tokens/{made['id']}")
    wait_for(lambda: client.ask("GET", "/api/v1/runs").status == 401, within_s=5)
    stream.read()  # to its end
    client.close()
