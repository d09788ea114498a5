"""Rows of a batch in the data set: found in one pass, after the cast that Keras makes."""

import math

import numpy as np
import pytest

from nanwatch.recorder import row_search
from nanwatch.recorder.row_search import find_rows

DATA = np.random.default_rng(3).normal(size=(500, 3))


@pytest.mark.parametrize("at_once", [7, 10**6])
def test_rows_are_found_wherever_they_stand(at_once, monkeypatch):
    monkeypatch.setattr(row_search, "AT_ONCE", at_once)
    places = (499, 0, 251)
    assert find_rows([DATA[list(places)].astype("float32")], [DATA]) == places


def test_of_equal_rows_the_first_one_counts_and_nan_equals_nan():
    data = np.array([[1.0, 2.0], [math.nan, 0.5], [math.nan, 0.5], [1.0, 2.0]])
    assert find_rows([data[[2, 3]].astype("float32")], [data]) == (1, 0)


def test_several_inputs_count_together():
    same, other = np.zeros((6, 2), "float32"), np.arange(6)
    assert find_rows([same[:2], other[[4, 2]][:, None]], [same, other]) == (4, 2)


@pytest.mark.parametrize(
    "rows", [DATA[:2] + 1, DATA[:2, :2], DATA[:2].astype(str), DATA[:2, :, None, None]]
)
def test_without_certainty_there_is_no_place(rows):
    assert find_rows([rows], [DATA]) == ()


def test_all_rows_of_a_large_batch_are_found_in_one_pass(monkeypatch):
    passes = []
    cast = row_search._cast
    monkeypatch.setattr(row_search, "_cast", lambda *a: passes.append(1) or cast(*a))
    order = np.random.default_rng(4).permutation(500)
    assert find_rows([DATA[order]], [DATA]) == tuple(order.tolist())
    assert len(passes) == 1
