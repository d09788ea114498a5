"""Whatever a user passes becomes something that can travel."""

import pathlib
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanwatch import wire
from nanwatch.events import Cause, Diagnosed, Diagnosis, RunEnded, RunStarted
from nanwatch.plain import MAX_ITEMS, MAX_TEXT, error_text, plain, plain_event, series_name, text


@dataclass
class Optimizer:
    rate: float


class Broken:
    def __repr__(self):
        raise RuntimeError("no words")


def wide_open():
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
    keys = st.text() | st.integers() | st.none() | st.tuples(st.integers())
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner) | st.dictionaries(keys, inner) | st.frozensets(leaves),
        max_leaves=20,
    )


@given(wide_open())
def test_anything_in_a_config_travels(value):
    event = plain_event(RunStarted("a", "b", config={"x": value}))
    wire.decode(wire.encode(wire.Frame("r", "s", 0, (event,))))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array([1, 2]), [1, 2]),
        ((1, {"a": (2,)}), [1, {"a": [2]}]),
        ({1: "x"}, {"1": "x"}),
        (Optimizer(0.1), {"rate": 0.1}),
        (pathlib.PurePosixPath("/x"), "PurePosixPath('/x')"),
        (2**70, str(2**70)),
        (Optimizer, repr(Optimizer)),
        (Broken(), "<Broken>"),
        ("a\0b", "a\ufffdb"),
        ("\ud800", "?"),
    ],
)
def test_values_keep_their_meaning(value, expected):
    assert plain(value) == expected


def test_what_holds_itself_or_is_endless_is_bounded():
    ring = []
    ring.append(ring)
    assert "[...]" in str(plain(ring))
    wheel = {}
    wheel |= dict.fromkeys(range(100), wheel)  # each level would be a hundred times larger
    assert set(map(type, plain(wheel).values())) == {str}
    assert len(plain(list(range(10 * MAX_ITEMS)))) == MAX_ITEMS
    assert len(text("x" * 10 * MAX_TEXT)) < 2 * MAX_TEXT
    assert isinstance(plain(np.zeros(10 * MAX_ITEMS)), str)


def test_a_diagnosis_with_numpy_in_it_is_made_plain():
    cause = Cause("nan_in_features", np.float64(0.5), "", where={"rows": np.array([3, 9])})
    event = plain_event(Diagnosed(Diagnosis("nan_loss", "critical", 1, (cause,))))
    assert event.diagnosis.causes[0].where == {"rows": [3, 9]}


def test_the_reason_of_an_end_cannot_break_a_database():
    assert plain_event(RunEnded("failed", "bad\0 byte")).reason == "bad\ufffd byte"


@given(st.text())
def test_any_text_becomes_a_name_that_the_wire_takes(name):
    cleaned = series_name(name)
    assert 1 <= len(cleaned.encode()) <= wire.MAX_NAME
    assert all(ord(char) >= 32 for char in cleaned)
    assert series_name(cleaned) == cleaned


def test_an_error_is_told_in_one_line_without_its_traceback():
    message = (
        "Graph execution error:\n\nDetected at node Loss defined at (most recent call last):\n"
        '  File "train.py", line 3, in <module>\n'
        "Received a label value of 3 which is outside the valid range of [0, 3).\n"
        "\t [[{{node Loss}}]] [Op:__inference_one_step_12]"
    )
    assert error_text(ValueError(message)) == (
        "ValueError: Graph execution error: "
        "Received a label value of 3 which is outside the valid range of [0, 3)."
    )
    assert error_text(KeyError("one")) == "KeyError: 'one'"
    assert len(error_text(ValueError("x" * 10_000))) <= 400


class Lazy(dict):
    """A configuration with a mandatory value that is missing."""

    def items(self):
        raise KeyError("learning_rate is mandatory")


class Mute(str):
    def __str__(self):
        raise RuntimeError("no words")


def test_containers_and_texts_that_raise_are_told_as_they_show_themselves():
    assert plain({"a": Lazy(b=1), "c": 2}) == {"a": "{'b': 1}", "c": 2}
    assert plain({"a": Mute("x")}) == {"a": "x"}
