"""Large answers go in fewer bytes to who takes them, and say the same."""

import gzip

import pytest
from starlette.requests import Request

from nanwatch_monitor.replies import LARGE, Json, packed

WORDS = [f"word {no}" for no in range(LARGE // 4)]


def answered(content, accepted):
    headers = [(b"accept-encoding", accepted)] if accepted else []
    return packed(Json(content), Request({"type": "http", "headers": headers}))


def test_a_large_answer_is_packed_for_who_takes_it():
    answer = answered(WORDS, b"br, GZIP;q=0.8")
    assert gzip.decompress(answer.body) == Json(WORDS).body
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) == len(answer.body) < LARGE


@pytest.mark.parametrize(
    ("content", "accepted"), [(WORDS, b""), (WORDS, b"br"), (WORDS[:9], b"gzip")]
)
def test_other_answers_go_as_they_are(content, accepted):
    answer = answered(content, accepted)
    assert answer.body == Json(content).body
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"
