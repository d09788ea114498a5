"""What is refused and how, on both databases; and what looks odd and is taken all the same."""

import gzip
import http.client
import json
import math
import time
import zlib

import msgspec
import numpy as np
import pytest

from frames import frame, opening, points
from nanwatch import wire
from nanwatch.events import Heartbeat, RunEnded
from servers import ServerThread

TOKENS = "/api/v1/tokens"
AS_JSON = {"Content-Type": "application/json"}
GOOD = {"name": "x", "scope": "read"}


def token(**members):
    return json.dumps(GOOD | members).encode()


def expiring(literal):
    return b'{"name": "x", "scope": "read", "expires_in": %s}' % literal


# What is posted as JSON: the bytes, the status, the code.
JSON = {
    "NaN": (expiring(b"NaN"), 422, "invalid"),
    "Infinity": (expiring(b"-Infinity"), 422, "invalid"),
    "1e400": (expiring(b"1e400"), 422, "invalid"),
    "a word": (expiring(b'"nan"'), 422, "invalid"),
    "-1": (expiring(b"-1"), 422, "invalid"),
    "1.5": (expiring(b"1.5"), 422, "invalid"),
    "true": (expiring(b"true"), 422, "invalid"),
    "a number in quotes": (expiring(b'"5"'), 422, "invalid"),
    "2^63": (expiring(b"9223372036854775808"), 422, "invalid"),
    "10^5000": (expiring(b"1" + b"0" * 5000), 422, "invalid"),
    "an empty name": (token(name=""), 422, "invalid"),
    "a name of 257": (token(name="x" * 257), 422, "invalid"),
    "a name of 1 MB": (token(name="x" * 2**20), 413, "too_large"),
    "NUL": (token(name="a\0b"), 422, "invalid"),
    "C0": (token(name="a\nb"), 422, "invalid"),
    "a lone surrogate": (token(name="\ud800"), 400, "malformed"),
    "a lone surrogate in a key": (
        b'{"\\ud800": 1, "name": "x", "scope": "read"}',
        400,
        "malformed",
    ),
    "no name": (b'{"scope": "read"}', 422, "invalid"),
    "an unknown scope": (token(scope="root"), 422, "invalid"),
    "a member twice": (b'{"name": "x", "name": "y", "scope": "admin"}', 400, "malformed"),
    "trailing junk": (token() + b"x", 400, "malformed"),
    "truncated": (token()[:-1], 400, "malformed"),
    "bad UTF-8": (b'{"name": "\xff", "scope": "read"}', 400, "malformed"),
    "UTF-16": (token().decode().encode("utf-16"), 400, "malformed"),
    "a byte order mark": (b"\xef\xbb\xbf" + token(), 400, "malformed"),
    "depth 10^4": (b"[" * 10_000 + b"]" * 10_000, 400, "malformed"),
    "depth 10^5": (b"[" * 100_000, 413, "too_large"),
    "null": (b"null", 400, "malformed"),
    "a list": (b"[]", 400, "malformed"),
    "empty": (b"", 400, "malformed"),
    "50 MB": (bytes(50 * 2**20), 413, "too_large"),
}
MEDIA = {
    "text/plain": {"Content-Type": "text/plain"},
    "none": {"Content-Type": ""},
    "multipart": {"Content-Type": "multipart/form-data; boundary=x"},
    "a form": {"Content-Type": "application/x-www-form-urlencoded"},
    "gzip twice": {**AS_JSON, "Content-Encoding": "gzip, gzip"},
    "gzip behind nothing": {**AS_JSON, "Content-Encoding": "identity, gzip"},
    "deflate": {**AS_JSON, "Content-Encoding": "deflate"},
    "br": {**AS_JSON, "Content-Encoding": "br"},
    "zstd": {**AS_JSON, "Content-Encoding": "zstd"},
    "nonsense": {**AS_JSON, "Content-Encoding": "\xff"},
}


def body_of(events, run_id="bad", stream="bad", seq=0):
    """A frame of any values, with a right head: what no client of ours would write."""
    body = msgspec.msgpack.encode([run_id, stream, seq, events])
    return wire._HEAD.pack(b"NANW", 1, 0, len(body), zlib.crc32(body)) + body


def nested(depth):
    """An introduction whose config is an array in an array in an array."""
    body = started(config={"a": None})[wire.HEAD_SIZE :].replace(b"\xc0", b"\x91" * depth + b"\xc0")
    return wire._HEAD.pack(b"NANW", 1, 0, len(body), zlib.crc32(body)) + body


def started(**members):
    return body_of([["run", {"name": "x", "project": "y", **members}]])


def block(steps, values, name="batch/loss"):
    return body_of([["points", {"steps": steps, "values": {name: values}}]], "run1", "stream1", 1)


def array(values, kind):
    return msgspec.msgpack.Ext(1 if kind == "f8" else 2, np.array(values, kind).tobytes())


ONE = array([1.0], "f8")
FRAMES = {
    "a step below 0": block(array([-1], "i8"), ONE),
    "a step of 2^53": block(array([2**53], "i8"), ONE),
    "steps that are floats": block(array([1.5], "f8"), ONE),
    "steps in a list": block([1], ONE),
    "values in a list": block(array([1], "i8"), ["nan"]),
    "values that are whole numbers": block(array([1], "i8"), array([1], "i8")),
    "fewer values than steps": block(array([1, 2], "i8"), ONE),
    "no steps": block(array([], "i8"), array([], "f8")),
    "a broken array": block(msgspec.msgpack.Ext(2, b"1234567"), ONE),
    "an unknown extension": block(msgspec.msgpack.Ext(9, bytes(8)), ONE),
    "an empty series' name": block(array([1], "i8"), ONE, ""),
    "a series' name of 257": block(array([1], "i8"), ONE, "x" * 257),
    "a line feed in a series' name": block(array([1], "i8"), ONE, "a\nb"),
    "one bad block among good ones": body_of(
        [["points", {"steps": array([1], "i8"), "values": {"a": ONE}}]] * 99
        + [["points", {"steps": array([-1], "i8"), "values": {"a": ONE}}]], "run1", "stream1", 1,
    ),
    "65 tags": started(tags=["x"] * 65),
    "a tag of 257": started(tags=["x" * 257]),
    "an empty name": started(name=""),
    "a name of 1 MB": started(name="x" * 2**20),
    "NUL in a name": started(name="a\0b"),
    "NUL in a config": started(config={"a": "b\0c"}),
    "bytes in a config": started(config={"a": b"\xff"}),
    "a deep config": started(config={"a": json.loads("[" * 17 + "]" * 17)}),
    "a config of depth 10^6": nested(10**6),
    "a start at NaN": started(started_at=math.nan),
    "a start in the year 10000": started(started_at=2.6e11),
    "seq -1": body_of([], seq=-1),
    "seq 2^63": body_of([], seq=2**63),
    "seq 1.5": body_of([], seq=1.5),
    "seq true": body_of([], seq=True),
    "a run that is a path": body_of([], run_id="../../etc"),
    "an unknown event": body_of([["exec", {}]]),
    "events that are none": body_of({"a": 1}),
    "another version": wire.encode(opening())[:4] + b"\x02\0" + wire.encode(opening())[6:],
    "gzip inside": gzip.compress(wire.encode(opening())),
}  # fmt: skip


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request, tmp_path_factory):
    """One server for the whole table, on each kind of database; no run grows old meanwhile."""
    folder, now = tmp_path_factory.mktemp("bad"), time.time()
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    made = ServerThread(folder, lambda: now, database_url=url).start()
    made.client.send(opening())
    yield made
    made.stop()


def is_problem(answer, status, code):
    assert (answer.status, answer.json()["code"]) == (status, code), answer.data
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.data.isascii()
    assert b"Traceback" not in answer.data
    assert b"x" * 170 not in answer.data


@pytest.mark.parametrize(("body", "status", "code"), JSON.values(), ids=JSON.keys())
def test_bad_json_is_refused(server, body, status, code):
    is_problem(server.client.ask("POST", TOKENS, AS_JSON, body=body), status, code)


@pytest.mark.parametrize("headers", MEDIA.values(), ids=MEDIA.keys())
def test_another_media_type_or_encoding_is_refused(server, headers):
    code = "encoding" if "Content-Encoding" in headers else "media_type"
    is_problem(server.client.ask("POST", TOKENS, headers, body=token()), 415, code)


GOOD_FRAME = wire.encode(opening("packed", "packed"))
PACKED = {
    "frames": (gzip.compress(GOOD_FRAME), 200, None),
    "a bomb": (gzip.compress(bytes(50 * 2**20)), 413, "too_large"),
    "a bomb of frames": (gzip.compress(GOOD_FRAME * 100_000), 413, "too_large"),
    "more than 4 MiB": (gzip.compress(bytes(5 * 2**20), 0), 413, "too_large"),
    "truncated": (gzip.compress(GOOD_FRAME)[:-1], 400, "malformed"),
    "damaged": (gzip.compress(GOOD_FRAME)[:-5] + bytes(5), 400, "malformed"),
    "junk behind it": (gzip.compress(GOOD_FRAME) + b"x", 400, "malformed"),
    "packed twice": (gzip.compress(gzip.compress(GOOD_FRAME)), 400, "malformed"),
    "not packed": (GOOD_FRAME, 400, "malformed"),
    "empty": (b"", 400, "malformed"),
}


@pytest.mark.parametrize(("body", "status", "code"), PACKED.values(), ids=PACKED.keys())
def test_one_layer_of_gzip_is_unpacked_and_nothing_worse(server, body, status, code):
    answer = server.client.send_bytes(body, **{"Content-Encoding": "gzip"})
    if code is None:
        assert (answer.status, answer.json()["acked"]) == (status, 0)
    else:
        is_problem(answer, status, code)


def test_packed_json_is_bounded_as_if_it_were_not(server):
    packed = {**AS_JSON, "Content-Encoding": "gzip"}
    made = server.client.ask("POST", TOKENS, packed, body=gzip.compress(token()))
    assert made.status == 201
    large = gzip.compress(token(more=[hex(n) for n in range(20_000)]))
    is_problem(server.client.ask("POST", TOKENS, packed, body=large), 413, "too_large")


def test_two_encodings_in_two_headers_are_two(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest("POST", TOKENS)
    said = {**AS_JSON, "Authorization": f"Bearer {server.token}", "Content-Length": "0"}
    for name, value in [*said.items(), ("Content-Encoding", "gzip"), ("Content-Encoding", "br")]:
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, json.load(answer)["code"]) == (415, "encoding")
    connection.close()


@pytest.mark.parametrize("body", FRAMES.values(), ids=FRAMES.keys())
def test_a_bad_frame_is_refused_whole(server, body):
    before = server.client.get("/runs"), server.client.get("/runs/run1/series")
    is_problem(server.client.send_bytes(body), 400, "malformed")
    assert (server.client.get("/runs"), server.client.get("/runs/run1/series")) == before


ODD = {
    "bidi": "a\u202eb", "markup": "<img src=x onerror=alert(1)>", "emoji": "\U0001f9ea" * 10,
    "a path": "../../etc/passwd", "SQL": "'; DROP TABLE run; --", "quotes": "\"'`",
    "C1": "a\x85b", "composed": "\u00e9", "a formula": "=cmd|' /C calc'!A0",
}  # fmt: skip


@pytest.mark.parametrize("name", ODD.values(), ids=ODD.keys())
def test_odd_names_are_kept_as_they_are(server, name):
    run_id = f"odd{zlib.crc32(name.encode())}"
    sent = opening(run_id, run_id, name=name, tags=(name,), config={name: name})
    assert server.client.send(sent).status == 200
    told = server.client.get(f"/runs/{run_id}")
    assert (told["name"], told["tags"], told["config"]) == (name, [name], {name: name})


def test_odd_numbers_come_back_exactly(server):
    values = [-0.0, 5e-324, 1e308, -1e308, math.nan, math.inf, -math.inf, 0.1, np.float32(0.1)]
    sent = frame(1, points(range(len(values)), a=values), run_id="exact", stream="exact")
    assert server.client.send(opening("exact", "exact"), sent).status == 200
    told = server.client.get("/runs/exact/points?name=a")["values"]
    words = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
    back = np.array([words.get(value, value) for value in told], float)
    assert back.tobytes() == np.array(values, float).tobytes()


def test_a_clock_that_is_ten_years_off_is_only_a_label(server):
    for name, at in (("past", 0.0), ("future", 2.5e11)):
        assert server.client.send(opening(name, name, started_at=at)).status == 200
        assert server.client.get(f"/runs/{name}")["id"] == name


def test_what_comes_twice_too_early_or_otherwise_than_before(server):
    send = server.client.send
    first = [opening("order", "order"), frame(1, Heartbeat(1, 0.0), run_id="order", stream="order")]
    assert send(*first).json()["stored"] == 2
    assert send(*first).json()["duplicates"] == 2
    early = frame(9, run_id="order", stream="order")
    other = frame(1, Heartbeat(2, 0.0), run_id="order", stream="order")
    is_problem(send(early), 409, "gap")
    is_problem(send(other), 409, "conflict")
    is_problem(send(frame(1, run_id="never", stream="never")), 404, "unknown_run")
    ended = frame(2, RunEnded("finished"), run_id="order", stream="order")
    assert send(ended).status == send(ended).status == 200


def test_a_run_that_has_finished_takes_a_new_stream_only_to_be_resumed(server):
    send = server.client.send
    ended = frame(1, RunEnded("finished"), run_id="over", stream="over")
    assert send(opening("over", "over"), ended).status == 200
    is_problem(send(opening("over", "strange")), 409, "run_finished")
    late = frame(2, points([3], batch_loss=[0.5]), run_id="over", stream="over")
    assert send(late).status == 200  # of a stream that is known nothing is lost
    assert server.client.get("/runs/over")["state"] == "finished"
    assert send(opening("over", "resumed", resumes=True)).status == 200
    assert server.client.get("/runs/over")["state"] == "running"


def test_members_that_nobody_knows_are_let_be(server):
    told = server.client.ask("POST", TOKENS, AS_JSON, body=token(colour="blue"))
    assert told.status == 201
