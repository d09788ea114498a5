"""The vocabulary: its JSON form, and equality that NaN does not break."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanwatch.events import Cause, Diagnosis, Evidence, Fix, Points, diagnosis_from_json, to_json

NAN_WITH_PAYLOAD = np.frombuffer(np.uint64(0x7FF8_0000_DEAD_BEEF).tobytes(), np.float64)


def points(values):
    return Points(np.arange(len(values)), {"batch/loss": np.asarray(values, np.float64)})


@pytest.mark.parametrize(
    ("number", "word"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")]
)
def test_non_finite_numbers_have_a_word_in_json(number, word):
    assert to_json({"x": [number]}) == {"x": [word]}


@given(st.recursive(st.floats() | st.integers() | st.text(), st.lists))
def test_json_of_any_plain_value_is_strict_json(value):
    json.dumps(to_json(value), allow_nan=False)


def test_arrays_become_lists():
    assert to_json(points([1.0, math.nan])) == {
        "steps": [0, 1],
        "values": {"batch/loss": [1.0, "NaN"]},
    }


def test_a_diagnosis_comes_back_from_its_json():
    cause = Cause(
        "nan_in_features",
        0.9,
        "two rows",
        evidence=(Evidence("finite", "2 NaN", "0"),),
        where={"rows": [3, 7]},
        fix=Fix("drop them", "x = x[mask]"),
        verified=True,
    )
    diagnosis = Diagnosis("nan_loss", "critical", 12, (cause,))
    assert diagnosis_from_json(to_json(diagnosis)) == diagnosis


def test_the_label_is_the_first_suspect_or_unknown():
    suspects = (Cause("a", 0.9, ""), Cause("b", 0.1, ""))
    assert Diagnosis("nan_loss", "critical", 0, suspects).label == "a"
    assert Diagnosis("nan_loss", "critical", 0).label == "unknown"


def test_points_with_nan_equal_themselves_and_differ_by_payload():
    assert points([math.nan]) == points([math.nan])
    assert points([math.nan]) != points(NAN_WITH_PAYLOAD)
    assert points([0.0]) != points([-0.0])
