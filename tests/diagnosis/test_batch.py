"""Looks at batches, and at whole data sets that are small and in memory."""

import math

import keras
import numpy as np
import tensorflow as tf

from fits import mlp, table
from nanwatch.autopsy.batch import MOST_BYTES, look_at_batch, look_at_data, look_at_validation
from nanwatch.recorder.source import DataSource, fit_source


class Looking(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.source = fit_source(self.model)


def source_of(*data, **fit):
    looking = Looking()
    mlp().fit(*data, verbose=0, shuffle=False, callbacks=[looking], **fit)
    return looking.source


def test_a_data_set_in_memory_is_looked_at_as_a_whole():
    x, y = table()
    x[[3, 50], 1] = math.nan
    looks = look_at_data(mlp(), (x[:16], y[:16]), source_of(x, y))
    assert [(look.role, look.shape) for look in looks] == [("input", (64, 4)), ("target", (64, 1))]
    assert (looks[0].rows, looks[0].samples) == ((3, 50), (3, 50))


def test_of_a_stream_the_batch_is_looked_at():
    x, y = table()
    source = source_of(tf.data.Dataset.from_tensor_slices((x, y)).batch(16))
    assert (source.kind, source.whole) == ("_BatchDataset", None)
    looks = look_at_data(mlp(), (x[:16], y[:16]), source)
    assert [look.shape for look in looks] == [(16, 4), (16, 1)]


def test_of_a_large_data_set_the_batch_is_looked_at():
    x = np.zeros((MOST_BYTES // 16 + 1, 4), "float32")
    looks = look_at_data(mlp(), (x[:16], x[:16]), DataSource(whole=(x, x[:, :1], None)))
    assert looks[0].shape == (16, 4)


def test_the_validation_data_are_those_that_were_split_off():
    x, y = table()
    source = source_of(x, y, validation_split=0.25)
    assert look_at_validation(mlp(), None, source)[0].shape == (16, 4)
    assert source.whole[0].shape == (48, 4)


def test_rows_of_a_ragged_batch_have_no_positions_in_the_data_set():
    ragged = tf.ragged.constant([[1.0], [2.0, math.nan]])
    (look, _) = look_at_batch(mlp(), (ragged, np.zeros((2, 1))), DataSource((np.zeros((2, 1)),)))
    assert (look.rows, look.samples) == ((1,), ())
