"""Numbers and places in words."""

import math

import pytest

from nanwatch.diagnosis import words
from nanwatch.diagnosis.looks import ArrayLook, ColumnLook


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0123, "0.0123"),
        (41.23, "41.2"),
        (1520.4, "1,520"),
        (3.4e12, "3.40e+12"),
        (2.5e6, "2.50e+6"),
        (1e-7, "1.00e-7"),
        (-250.2, "-250"),
        (math.nan, "nan"),
        (math.inf, "inf"),
    ],
)
def test_numbers_are_short(value, text):
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("positions", "text"),
    [
        ((), "no row"),
        ((3,), "row 3"),
        ((3, 271), "rows 3 and 271"),
        ((1, 2, 3), "rows 1, 2 and 3"),
        (range(20), "rows 0, 1, 2, 3, 4, 5, 6, 7 and 12 more"),
    ],
)
def test_places_are_listed_as_people_do(positions, text):
    assert words.places("row", positions) == text


def look(columns=(), names=()):
    return ArrayLook("input", "x", (4, 4), "float32", columns=columns, column_names=names)


@pytest.mark.parametrize(
    ("columns", "names", "text"),
    [
        ((), (), ""),
        ((2,), (), "column 2"),
        ((1, 2), ("age", "bmi"), "columns age, bmi"),
        (tuple(range(10)), tuple("abcdefghij"), "columns a, b, c, d, e, f, g, h and 2 more"),
    ],
)
def test_columns_go_by_their_names(columns, names, text):
    assert words.columns(look(columns, names)) == text


def test_a_column_without_a_name_goes_by_its_position():
    assert words.column_title(ColumnLook(3, "", 0, 1, 0, 1)) == "column 3"
    assert words.column_title(ColumnLook(3, "age", 0, 1, 0, 1)) == "age"
