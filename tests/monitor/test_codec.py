"""What is sealed reads back bit by bit."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from nanwatch_monitor.series import codec
from nanwatch_monitor.series.columns import Curve

any_bits = arrays.arrays(np.int64, st.integers(0, 300)).map(lambda bits: bits.view(np.float64))
any_ints = arrays.arrays(np.int64, st.integers(0, 300))
ODD = [math.nan, -math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, 1.7e308, 0.1, 1.5]


def same(left, right):
    return [column.tobytes() for column in left] == [column.tobytes() for column in right]


@given(st.lists(any_bits | any_ints, max_size=5))
def test_every_bit_comes_back(columns):
    assert same(codec.unpack(codec.pack(columns)), columns)


@given(st.lists(st.sampled_from(ODD), min_size=1, max_size=300))
def test_odd_values_and_signs_of_zero_come_back(values):
    column = np.array(values)
    assert same(codec.unpack(codec.pack([column])), [column])


def test_payloads_of_nan_come_back():
    bits = np.array([0x7FF0000000000001, 0x7FF8000000000123, 0xFFF8DEAD00000000], np.uint64)
    column = bits.view(np.float64)
    assert same(codec.unpack(codec.pack([column])), [column])


@given(st.integers(0, 2**52), st.integers(1, 10**6), st.integers(1, 3000))
def test_even_steps_take_no_room(first, distance, count):
    steps = first + distance * np.arange(count, dtype=np.int64)
    data = codec.pack([steps])
    assert same(codec.unpack(data), [steps])
    assert len(data) < 32


def test_points_of_single_precision_take_half_the_room():
    rng = np.random.default_rng(0)
    values = rng.standard_normal(2048)
    steps = np.arange(2048)
    double = len(codec.pack_points(Curve(steps, values)))
    single = len(codec.pack_points(Curve(steps, values.astype(np.float32).astype(float))))
    assert single < 0.6 * double < 0.6 * 8.2 * 2048


@pytest.mark.parametrize(
    "data", [b"", b"\x01", b"\x01\x01\x03\x04\x00\x00\x00abcd", b"\x01\x01\x09\0\0\0\0"]
)
def test_what_is_no_columns_is_refused(data):
    with pytest.raises(codec.CodecError):
        codec.unpack(data)


def test_another_format_is_refused_with_its_number():
    with pytest.raises(codec.CodecError, match="format 9"):
        codec.unpack(b"\x09\x00")
