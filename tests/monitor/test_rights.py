"""Who may do what: every route of the application, walked by everybody."""

import re

import pytest

from frames import opening
from nanwatch import wire
from nanwatch_monitor.rights import Identity, needed_scope
from servers import Client

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
REFUSED = (401, 403, 429)

# What each route needs. A route that has no row here fails the walk: decide, then add it.
OPEN = """
    GET /healthz    GET /readyz    GET /login    POST /login    GET /static/{name:path}
    HEAD /static/{name:path}
"""
READ = """
    GET /    GET /runs/{run_id}    GET /compare    GET /losses    GET /losses/{name}
    GET /causes    GET /causes/{label}    GET /alerts    GET /settings
    HEAD /    HEAD /runs/{run_id}    HEAD /compare    HEAD /losses    HEAD /losses/{name}
    HEAD /causes    HEAD /causes/{label}    HEAD /alerts    HEAD /settings
    GET /metrics    GET /api/v1/openapi.json    HEAD /api/v1/openapi.json
    GET /api/v1/about    GET /api/v1/stream    GET /api/v1/causes    GET /api/v1/losses
    GET /api/v1/runs    GET /api/v1/runs/{run_id}    GET /api/v1/runs/{run_id}/series
    GET /api/v1/runs/{run_id}/points    GET /api/v1/runs/{run_id}/overview
    GET /api/v1/runs/{run_id}/report    GET /api/v1/runs/{run_id}/diagnoses
    GET /api/v1/sparklines    GET /api/v1/alerts    GET /api/v1/alerts/{alert_id}/deliveries
    GET /api/v1/mutes    GET /api/v1/channels    GET /api/v1/retention
"""
WRITE = "POST /api/v1/ingest"
ADMIN = """
    GET /api/v1/tokens    POST /api/v1/tokens    DELETE /api/v1/tokens/{token_id}
    GET /api/v1/audit    POST /api/v1/login-codes
    PATCH /api/v1/runs/{run_id}    DELETE /api/v1/runs/{run_id}
    POST /api/v1/alerts/{alert_id}/acknowledge    POST /api/v1/alerts/{alert_id}/resolve
    POST /api/v1/alerts/{alert_id}/reopen    POST /api/v1/alerts/{alert_id}/mute
    POST /api/v1/alerts/{alert_id}/unmute    POST /api/v1/alerts/{alert_id}/verdict
    POST /api/v1/channels    PATCH /api/v1/channels/{channel_id}
    DELETE /api/v1/channels/{channel_id}    POST /api/v1/channels/{channel_id}/test
    POST /api/v1/mutes    DELETE /api/v1/mutes/{mute_id}    PUT /api/v1/retention
"""
UNKNOWN = ("/docs", "/redoc", "/openapi.json", "/nothing", "/api/v1/nothing", "/api/v1/tokens/")
STRANGERS = ("none", "wrong")


def rows(text):
    return {(method, path) for method, path in re.findall(r"([A-Z]+) (\S+)", text)}


def routes_of(application):
    """Each (method, path) that an application answers, routers within it included."""
    for route in application.routes:
        if hasattr(route, "original_router"):
            yield from routes_of(route.original_router)
        else:
            yield from ((method, route.path) for method in route.methods)


def filled(path):
    path = path.replace("{run_id}", "run1").replace("{name:path}", "css/base.css")
    return re.sub(r"\{\w+_id\}", "1", path).replace("{name}", "Huber").replace("{label}", "x")


@pytest.fixture
def everybody(any_server):
    """A client for each of the five identities, and a run of a project that one may not write."""
    any_server.client.send(opening())
    tokens = {"none": None, "wrong": "nw_a_wrong", "admin": any_server.token}
    for scope, project in (("read", None), ("write", "another")):
        wanted = {"name": scope, "scope": scope, "project": project}
        made = any_server.client.ask("POST", "/api/v1/tokens", json=wanted)
        tokens[scope] = made.json()["token"]
    clients = {name: Client(any_server.url, token) for name, token in tokens.items()}
    yield clients
    for client in clients.values():
        client.close()


def status_of(client, method, path):
    answer = client.ask(method, path, preload_content=False)  # a stream never ends
    answer.close()
    return answer.status


def test_every_route_has_its_row(any_server):
    known = rows(OPEN + READ + WRITE + ADMIN)
    assert set(routes_of(any_server.app)) == known


@pytest.mark.parametrize(
    ("table", "let_in"),
    [
        (OPEN, {"none", "wrong", "read", "write", "admin"}),
        (READ, {"read", "admin"}),
        (WRITE, {"write", "admin"}),
        (ADMIN, {"admin"}),
    ],
    ids=["open", "read", "write", "admin"],
)
def test_each_route_lets_in_those_it_is_for_and_nobody_else(everybody, table, let_in):
    for name in ("none", "wrong", "read", "write", "admin"):  # admin last: it can delete
        for method, path in sorted(rows(table)):
            status = status_of(everybody[name], method, filled(path))
            told = (name, method, path, status)
            assert status < 500, told
            if name in let_in:
                assert status not in ((401, 403) if path != "/login" else (403,)), told
            else:
                assert status in ((401, 429) if name in STRANGERS else (403,)), told


def test_what_is_not_there_is_closed_to_strangers_too(everybody):
    known = rows(OPEN + READ + WRITE + ADMIN)
    paths = {filled(path) for _, path in known} - {filled(path) for _, path in rows(OPEN)}
    for path in sorted(paths) + list(UNKNOWN):
        for method in METHODS:
            assert status_of(everybody["none"], method, path) == 401, (method, path)


def test_methods_that_no_route_has_are_for_admins_alone(everybody):
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        assert status_of(everybody["read"], method, "/api/v1/nothing") == 403
        assert status_of(everybody["write"], method, "/api/v1/nothing") == 403


def test_a_token_for_one_project_writes_to_no_other(everybody, any_server):
    foreign = wire.encode(opening("run2", "stream2", project="zoo"))
    own = wire.encode(opening("run3", "stream3", project="another"))
    joining = wire.encode(opening("run1", "stream4", project="another"))  # a run of the zoo
    for refused in (foreign, joining):  # as if it were not there
        answer = everybody["write"].send_bytes(refused)
        assert (answer.status, answer.json()["code"]) == (404, "foreign_project")
    assert everybody["write"].send_bytes(own).status == 200
    assert {run["id"] for run in any_server.client.get("/runs")["runs"]} == {"run1", "run3"}


def test_a_token_for_one_project_does_not_learn_which_runs_there_are(everybody):
    later = wire.Frame("run1", "stream1", 1, ())
    unknown = wire.Frame("run9", "stream9", 1, ())
    answers = [everybody["write"].send(frame) for frame in (later, unknown)]
    assert [(answer.status, answer.json()["code"]) for answer in answers] == [
        (404, "unknown_run"), (404, "unknown_run"),
    ]  # fmt: skip


def test_what_nobody_thought_of_needs_admin():
    for method, path in [("POST", "/"), ("CONNECT", "/x"), ("GET", "/api/v1/tokens/1")]:
        assert needed_scope(method, path) == "admin"
        assert not Identity("key", "name", "read").may(method, path)
