"""The data set behind the batches: positions of rows, names of columns."""

import math

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from fits import mlp, table
from nanwatch.recorder.source import DataSource, fit_source


class Looking(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.source = fit_source(self.model)
        self.alive = self.source.anchor() is not None


def source_of(x, y=None, width=4):
    looking = Looking()
    mlp(width).fit(x, y, shuffle=y is not None, verbose=0, callbacks=[looking])
    return looking


def test_rows_of_a_shuffled_batch_are_found_in_the_data_set():
    x, y = table()
    x[41, 2] = math.nan
    source = source_of(x, y).source
    assert source.positions([x[[7, 41, 3]]], (0, 1, 2)) == (7, 41, 3)


def test_what_keras_casts_is_found_after_the_cast():
    x, y = table()
    source = source_of(x.astype("float64"), y).source
    assert source.positions([x[[9]]], (0,)) == (9,)


def test_columns_of_a_table_have_names():
    x, y = table()
    source = source_of(pd.DataFrame(x, columns=["a", "b", "c", "d"]), y).source
    assert source.column_names == ("a", "b", "c", "d")
    assert source.positions([x[[5]]], (0,)) == (5,)


def test_several_inputs_are_matched_together():
    same = np.zeros((6, 2), "float32")
    other = np.arange(12, dtype="float32").reshape(6, 2)
    source = DataSource((same, other))
    assert source.positions([same[:2], other[3:5]], (0, 1)) == (3, 4)


@pytest.mark.parametrize("rows", [(), (0, 1)])
def test_without_certainty_there_is_no_position(rows):
    x, _ = table()
    strange = np.stack([x[0], x[1] + 1])
    assert DataSource((x,)).positions([strange], rows) == ()


def test_a_stream_has_no_positions():
    x, y = table()
    source = source_of(tf.data.Dataset.from_tensor_slices((x, y)).batch(16)).source
    assert source.inputs == ()
    assert source.positions([x[:1]], (0,)) == ()


def test_the_anchor_lives_as_long_as_the_fit():
    looking = source_of(*table())
    assert looking.alive
    assert looking.source.anchor() is None


def test_outside_of_a_fit_nothing_is_known():
    assert fit_source(mlp()) == DataSource()


def test_a_table_is_turned_into_an_array_once():
    x, y = table()
    frame = pd.DataFrame(x).astype({0: "float64"})
    source = source_of(frame, pd.Series(y[:, 0])).source
    assert source.whole[0] is source.inputs[0]
