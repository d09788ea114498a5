"""Nobody gets past the guard."""

from concurrent.futures import ThreadPoolExecutor
from html import escape
from http.client import HTTPConnection
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.datastructures import Headers

from nanwatch import wire
from nanwatch_monitor.keys import cookie_name
from nanwatch_monitor.security import is_known_host, is_local_path, is_same_origin
from servers import Client


@pytest.mark.parametrize("token", ["nw_a_wrong", "", "\u00e9"])
def test_a_wrong_token_is_no_token(live_server, token):
    stranger = Client(live_server.url, token)
    for path in ("/api/v1/runs", "/", "/metrics"):
        assert stranger.ask("GET", path).status == 401
    stranger.close()


def test_the_open_routes_tell_no_data(live_server):
    stranger = Client(live_server.url)
    assert "default-src 'none'" in stranger.ask("GET", "/login").headers["content-security-policy"]
    assert stranger.ask("GET", "/healthz").json()["service"] == "nanwatch"
    assert stranger.ask("GET", "/readyz").json() == {
        "ready": True, "database": "sqlite", "why": "",
    }  # fmt: skip
    stranger.close()


def test_a_browser_without_a_session_is_sent_to_the_login_page(live_server):
    stranger = Client(live_server.url)
    answer = stranger.ask("GET", "/runs/run1", {"Accept": "text/html"})
    assert (answer.status, answer.headers["location"]) == (303, "/login?next=/runs/run1")
    foreign = {"Accept": "text/html", "Sec-Fetch-Site": "cross-site"}
    again = stranger.ask("GET", "/runs/run1", foreign)
    assert b'content="0;url=/runs/run1"' in again.data  # asks once more, as our own page
    astray = stranger.ask("GET", "//evil.example/", foreign)
    assert b'content="0;url=/"' in astray.data
    stranger.close()


def test_a_link_that_holds_a_view_keeps_it_on_the_way_through_the_login(live_server):
    view = "/runs/run1?x=epoch&steps=12.25-97&log=1"
    stranger = Client(live_server.url)
    answer = stranger.ask("GET", view, {"Accept": "text/html"})
    assert parse_qs(urlsplit(answer.headers["location"]).query) == {"next": [view]}
    foreign = {"Accept": "text/html", "Sec-Fetch-Site": "cross-site"}
    assert f'content="0;url={escape(view)}"'.encode() in stranger.ask("GET", view, foreign).data
    stranger.close()


def test_a_link_logs_a_browser_in_once(live_server):
    path = live_server.client.ask("POST", "/api/v1/login-codes").json()["path"]
    browser = Client(live_server.url)
    answer = browser.ask("GET", f"{path}&next=/runs/run1")
    assert (answer.status, answer.headers["location"]) == (303, "/runs/run1")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    logged_in = {"Cookie": cookie.partition(";")[0]}
    assert browser.ask("GET", "/api/v1/runs", logged_in).status == 200
    again = browser.ask("GET", path)
    assert (again.status, "set-cookie" in again.headers) == (200, False)
    browser.close()


def test_a_link_opens_one_session_however_many_follow_it_at_once(live_server):
    path = live_server.client.ask("POST", "/api/v1/login-codes").json()["path"]
    browsers = [Client(live_server.url) for _ in range(8)]
    with ThreadPoolExecutor(8) as all_at_once:
        answers = list(all_at_once.map(lambda browser: browser.ask("GET", path), browsers))
    assert sum("set-cookie" in answer.headers for answer in answers) == 1
    for browser in browsers:
        browser.close()


def test_a_session_is_never_the_one_that_somebody_else_chose(live_server):
    path = live_server.client.ask("POST", "/api/v1/login-codes").json()["path"]
    browser, chosen = Client(live_server.url), {"Cookie": f"{_cookie_of(live_server)}=chosen"}
    cookie = browser.ask("GET", path, chosen).headers["set-cookie"].partition(";")[0]
    assert len(cookie.partition("=")[2]) == 43  # 256 bits
    assert browser.ask("GET", "/api/v1/runs", chosen).status == 401
    browser.close()


def test_who_is_logged_in_goes_on_from_a_used_link(live_server):
    path = live_server.client.ask("POST", "/api/v1/login-codes").json()["path"]
    browser = Client(live_server.url)
    cookie = browser.ask("GET", path).headers["set-cookie"].partition(";")[0]
    again = browser.ask("GET", f"{path}&next=/runs/run1", {"Cookie": cookie})
    assert (again.status, again.headers["location"]) == (303, "/runs/run1")
    from_a_chat = {"Cookie": "", "Sec-Fetch-Site": "cross-site"}  # SameSite=Strict keeps it back
    once_more = browser.ask("GET", f"{path}&next=/runs/run1?x=epoch%26log=1", from_a_chat)
    assert b'content="0;url=/login?next=/runs/run1%3Fx%3Depoch%26log%3D1"' in once_more.data
    browser.close()


def test_a_token_can_be_pasted(live_server):
    browser = Client(live_server.url)
    as_json = {"Content-Type": "application/json"}
    wrong = browser.ask("POST", "/login", as_json, body=b'{"token": "nw_a_wrong"}')
    assert wrong.status == 401
    right = browser.ask(
        "POST", "/login", as_json, body=b'{"token": "%s"}' % live_server.token.encode()
    )
    assert right.headers["set-cookie"].startswith(cookie_name(live_server.url[7:]))
    for body in (b"", b"{}", b"[]", b'{"token": NaN}', b'{"token": "\\ud800"}', b"[" * 100_000):
        assert browser.ask("POST", "/login", as_json, body=body).status in (400, 413, 422)
    browser.close()


def test_the_database_holds_no_secret(live_server, tmp_path):
    code = live_server.client.ask("POST", "/api/v1/login-codes").json()["code"]
    live_server.client.ask("GET", f"/login?code={code}")
    stored = b"".join(path.read_bytes() for path in (tmp_path / "hosts/testhost").glob("*.db*"))
    assert b"login_code" in stored
    assert code.encode() not in stored
    assert live_server.token.encode() not in stored


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "a b", "[::1"])
def test_a_foreign_host_name_is_refused_everywhere(live_server, host):
    for path in ("/healthz", "/", "/api/v1/runs", "/static/css/base.css"):
        assert live_server.client.ask("GET", path, {"Host": host}).status in (400, 403)


def test_two_names_at_once_are_none(live_server):
    for names in (("127.0.0.1", "evil.example"), ("evil.example", "127.0.0.1")):
        connection = HTTPConnection("127.0.0.1", live_server.port)
        connection.putrequest("GET", "/healthz", skip_host=True)
        for name in names:
            connection.putheader("Host", name)
        connection.endheaders()
        assert connection.getresponse().status == 403
        connection.close()


def test_the_names_of_this_server_are_known():
    names = frozenset({"nan.example"})
    for host in ("localhost:8777", "127.0.0.1", "[::1]:1", "10.1.2.3:80", "NAN.example:443"):
        assert is_known_host(host, names)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_other_sites_can_change_nothing_and_open_no_stream(live_server, headers):
    as_frames = {"Content-Type": wire.CONTENT_TYPE}
    for method, path in [
        ("POST", "/api/v1/ingest"),
        ("POST", "/login"),
        ("DELETE", "/api/v1/runs/run1"),
        ("PATCH", "/api/v1/runs/run1"),
        ("GET", "/api/v1/stream"),
    ]:
        assert live_server.client.ask(method, path, headers | as_frames).status == 403


def test_our_own_pages_are_let_in():
    assert is_same_origin(Headers({"host": "localhost:1", "origin": "http://localhost:1"}))
    assert is_same_origin(Headers({"host": "localhost:1", "sec-fetch-site": "same-origin"}))
    assert not is_same_origin(Headers({"host": "localhost:1", "origin": "http://localhost:2"}))


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil", "http://evil", "", "/a\r\nb", "x"])
def test_a_login_leads_nowhere_else(path):
    assert not is_local_path(path)


def test_every_answer_says_that_it_is_what_it_says(live_server):
    for path in ("/", "/api/v1/runs", "/healthz", "/nothing"):
        headers = live_server.client.ask("GET", path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers
        assert "access-control-allow-origin" not in headers


def test_without_auth_everybody_on_this_machine_is_let_in(start_server):
    server = start_server(auth=False)
    stranger = Client(server.url)
    assert stranger.get("/runs") == {"runs": [], "next": None}
    stranger.close()


def test_a_session_cannot_be_checked_without_the_database(live_server):
    live_server.monitor.store.database.close()
    with live_server.monitor.store.database.write() as connection:
        connection.exec_driver_sql("DROP TABLE session")
    answer = Client(live_server.url).ask("GET", "/", {"Cookie": f"{_cookie_of(live_server)}=x"})
    assert (answer.status, answer.headers["retry-after"]) == (503, "2")


def _cookie_of(server):
    return cookie_name(server.url.removeprefix("http://"))


def test_behind_tls_the_cookie_never_goes_in_the_clear(start_server):
    server = start_server(public_url="https://nan.example")
    for host, secure in (("nan.example", True), (f"127.0.0.1:{server.port}", False)):
        pasted = {"token": server.token}
        answer = server.client.ask("POST", "/login", {"Host": host}, json=pasted)
        assert ("Secure" in answer.headers["set-cookie"]) is secure
