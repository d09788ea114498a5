"""The pages come out of the package, with what they may do, and nothing else does."""

import gzip
from http.client import HTTPConnection

import pytest

REFERENCE = ["/losses", "/losses/Huber", "/causes", "/causes/lr_too_high"]
PAGES = ["/", "/runs/run1", "/compare", "/alerts", "/settings", *REFERENCE]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_may_only_use_what_it_brings_along(live_server, path):
    answer = live_server.client.ask("GET", path)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'self';" in policy


def test_a_known_file_is_not_sent_again(live_server):
    first = live_server.client.ask("GET", "/static/css/base.css")
    again = live_server.client.ask(
        "GET", "/static/css/base.css", {"If-None-Match": first.headers["etag"]}
    )
    assert (first.status, again.status, again.data) == (200, 304, b"")


def test_the_chart_bundle_comes_compressed(live_server):
    path = "/static/vendor/plotly.min.js"
    plain = live_server.client.ask("GET", path)
    packed = live_server.client.ask("GET", path, {"Accept-Encoding": "gzip"}, decode_content=False)
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    smaller = live_server.client.ask(
        "GET", path, {"Accept-Encoding": "gzip, br;q=1"}, decode_content=False
    )
    assert smaller.headers["content-encoding"] == "br"
    assert len(smaller.data) < 0.9 * len(packed.data)
    pinned = live_server.client.ask("GET", f"{path}?v=1")
    assert "immutable" in pinned.headers["cache-control"]


OUTSIDE = """
../__init__.py  %2e%2e/__init__.py  ..%2f__init__.py  /etc/passwd  css/  nothing.js
css/..%5c..%5c__init__.py  %00.js  vendor/vendor.json/x.js
"""


@pytest.mark.parametrize("name", OUTSIDE.split())
def test_nothing_else_is_served(live_server, name):
    connection = HTTPConnection("127.0.0.1", live_server.port)  # leaves the path as it is
    headers = {"Authorization": f"Bearer {live_server.token}"}
    connection.request("GET", f"/static/{name}", headers=headers)
    assert connection.getresponse().status == 404
    connection.close()
