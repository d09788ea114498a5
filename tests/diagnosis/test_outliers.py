"""Absurd cells are told from the long tails of ordinary columns."""

import math

import numpy as np
import pytest

from nanwatch.autopsy.outliers import outlying_rows

RANDOM = np.random.default_rng(3)
ABSURD = {"sentinel": -999.0, "another": 9999.0, "wrong unit": 1e3, "overflow": 1e30}
ORDINARY = {
    "normal": lambda n: RANDOM.normal(size=(n, 5)),
    "exponential": lambda n: RANDOM.exponential(size=(n, 5)),
    "lognormal": lambda n: RANDOM.lognormal(0, 2, size=(n, 5)),
    "pareto": lambda n: RANDOM.pareto(1.5, size=(n, 5)),
    "ids": lambda n: RANDOM.zipf(1.5, size=(n, 5)),
    "one-hot": lambda n: np.eye(30)[RANDOM.integers(0, 30, n)],
    "counts": lambda n: RANDOM.poisson(0.3, size=(n, 50)),
    "pictures": lambda n: RANDOM.integers(0, 256, size=(n, 4, 4, 3)),
    "constant": lambda n: np.ones((n, 3)),
    "years and shares": lambda n: np.stack([np.full(n, 2024.0), RANDOM.uniform(size=n)], 1),
}


@pytest.mark.parametrize("value", ABSURD.values(), ids=ABSURD)
@pytest.mark.parametrize("shape", [(64,), (64, 4), (64, 5, 3)])
def test_an_absurd_cell_is_found(value, shape):
    cells = RANDOM.normal(size=shape)
    cells[(41, *([1] * (len(shape) - 1)))] = value
    assert outlying_rows(cells) == (41,)


def test_the_farthest_comes_first():
    cells = RANDOM.normal(size=(64, 2))
    cells[5, 0], cells[9, 1] = 1e4, -1e9
    assert outlying_rows(cells) == (9, 5)


def test_a_sentinel_in_every_tenth_row_is_found():
    ages = RANDOM.uniform(18, 90, size=(200, 1))
    ages[::10] = -999
    assert outlying_rows(ages) == tuple(range(0, 200, 10))


def test_cells_that_are_not_finite_are_no_outliers():
    cells = RANDOM.normal(size=(64, 2))
    cells[3, 0], cells[4, 1], cells[5, 1] = math.nan, math.inf, 1e6
    assert outlying_rows(cells) == (5,)


@pytest.mark.parametrize("make", ORDINARY.values(), ids=ORDINARY)
def test_an_ordinary_column_has_none(make):
    found = [bool(outlying_rows(make(512))) for _ in range(20)]
    assert sum(found) <= 1


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0), (7, 2)])
def test_too_little_to_tell_is_nothing(shape):
    assert outlying_rows(np.full(shape, 5.0)) == ()


def test_an_outlier_of_a_huge_array_is_found_wherever_it_stands():
    cells = RANDOM.normal(size=(120_000, 5)).astype("float32")
    cells[77_777, 3] = 1e7
    assert outlying_rows(cells) == (77_777,)
