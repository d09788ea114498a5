"""A look at an array: what is not finite, where, and on which scale the rest lies."""

import math

import numpy as np
import pytest
import tensorflow as tf

from nanwatch.autopsy.arrays import WIDEST, as_numpy, look_at


def test_bad_cells_are_counted_and_placed():
    cells = np.zeros((6, 3), "float32")
    cells[1, 2] = cells[4, 0] = math.nan
    cells[4, 2] = -math.inf
    look = look_at("input", "x", cells, ("a", "b", "c"))
    assert (look.n_nan, look.n_inf, look.finite) == (2, 1, False)
    assert (look.rows, look.columns, look.column_names) == ((1, 4), (0, 2), ("a", "c"))


def test_moments_are_over_the_finite_cells():
    look = look_at("input", "x", np.array([1.0, 3.0, math.nan, math.inf]))
    assert (look.low, look.high, look.mean, look.std) == (1.0, 3.0, 2.0, 1.0)
    assert look.largest == 3.0


def test_an_array_without_a_finite_cell_has_no_moments():
    look = look_at("input", "x", np.full((4, 2), math.nan))
    assert math.isnan(look.mean)
    assert (look.rows, look.largest, look.wide) == ((0, 1, 2, 3), 0.0, ())


def test_the_columns_farthest_from_unit_scale_come_first():
    scales = np.array([1.0, 1e4, 0.01, 50.0, 1.0, 1.0, 300.0])
    cells = np.random.default_rng(0).normal(size=(50, 7)) * scales
    look = look_at("input", "x", cells, tuple("abcdefg"))
    assert [column.name for column in look.wide[:3]] == ["b", "g", "d"]
    assert len(look.wide) == WIDEST


@pytest.mark.parametrize("shape", [(), (5,), (5, 2), (5, 3, 2), (0, 2), (4, 4, 4, 3)])
def test_arrays_of_every_shape_are_looked_at(shape):
    look = look_at("target", "y", np.ones(shape, "float32"))
    assert (look.shape, look.finite, look.rows) == (shape, True, ())


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "bfloat16", "float64"])
def test_numbers_of_every_type_are_looked_at(dtype):
    look = look_at("input", "x", tf.cast([[1], [0]], dtype))
    assert (look.dtype, look.low, look.high) == (dtype, 0.0, 1.0)


def test_texts_are_only_named():
    look = look_at("input", "x", np.array(["a", "b"]))
    assert (look.shape, look.finite, look.n_nan) == ((2,), True, 0)


def test_an_infinity_of_half_precision_is_one():
    assert look_at("input", "x", np.array([np.inf, 1.0], "float16")).n_inf == 1


def test_of_ragged_and_sparse_tensors_the_values_are_seen():
    ragged = tf.ragged.constant([[1.0, 2.0], [3.0]])
    sparse = tf.sparse.from_dense([[0.0, 5.0]])
    assert as_numpy(ragged).tolist() == [1.0, 2.0, 3.0]
    assert as_numpy(sparse).tolist() == [5.0]


def test_bad_rows_of_ragged_and_sparse_tensors_are_rows_of_the_batch():
    ragged = tf.ragged.constant([[1.0, 2.0], [], [3.0, math.nan]])
    assert look_at("input", "x", ragged).rows == (2,)
    nested = tf.ragged.constant([[[1.0], [2.0]], [[3.0, math.nan]]])
    assert look_at("input", "x", nested).rows == (1,)
    sparse = tf.sparse.from_dense([[0.0, 5.0], [0.0, 0.0], [math.nan, 0.0]])
    assert look_at("input", "x", sparse).rows == (2,)
    assert look_at("input", "x", sparse).shape == (3, 2)


def test_classes_are_known_by_their_few_whole_values():
    look = look_at("target", "y", np.array([0, 2, 1, 2, 9]))
    assert (look.integral, look.distinct) == (True, (0.0, 1.0, 2.0, 9.0))
    measured = look_at("target", "y", np.linspace(0, 1, 40))
    assert (measured.integral, measured.distinct) == (False, ())


def test_all_classes_of_a_long_column_are_seen():
    labels = np.zeros(300_000, "int64")
    labels[123_457] = 7
    assert look_at("target", "y", labels).distinct == (0.0, 7.0)


@pytest.mark.parametrize(
    ("cells", "one_hot", "sums"),
    [
        (np.eye(3), True, True),
        ([[0.3, 0.7], [1.0, 0.0]], False, True),
        ([[1.0, 1.0], [0.0, 1.0]], False, False),
        ([[-0.5, 1.5]], False, False),
        ([[1.0], [1.0]], False, False),
        ([[math.nan, 1.0]], False, False),
    ],
)
def test_rows_that_choose_a_class_are_told_apart(cells, one_hot, sums):
    look = look_at("target", "y", np.array(cells))
    assert (look.one_hot, look.sums_to_one) == (one_hot, sums)


def test_rows_that_are_alike_have_no_spread():
    same = look_at("prediction", "p", np.tile([[0.2, 0.9]], (8, 1)))
    assert (same.row_spread, same.constant_columns) == (0.0, (0, 1))
    assert look_at("input", "x", np.eye(4)).row_spread == pytest.approx(0.433, abs=1e-3)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32", "float64"])
def test_nothing_warns_whatever_the_cells_hold(dtype):
    for cells in ([[math.nan, math.inf]], [[math.nan] * 3] * 9, [[6e4, -6e4]] * 9):
        assert look_at("input", "x", tf.cast(cells, dtype)).dtype == dtype


def test_numbers_in_boxes_are_looked_at_and_texts_in_boxes_are_not():
    assert look_at("input", "x", np.array([1.0, None, 3.0], object)).n_nan == 1
    assert look_at("input", "x", np.array([1.0, "a"], object)).n_nan == 0
