"""Streams that yield one bad batch, and a few absurd values in good data."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from diagnosis.gallery.parts import (
    classes,
    convnet,
    fit,
    mlp,
    pictures,
    regression,
    two_classes,
    walks,
)
from diagnosis.gallery.register import faulty


class Batches(keras.utils.PyDataset):
    """The data in batches of 32, each passed through a loader that may spoil it."""

    def __init__(self, x, y, load):
        super().__init__()
        self.x, self.y, self.load = x, y, load

    def __len__(self):
        return len(self.x) // 32

    def __getitem__(self, index):
        rows = slice(32 * index, 32 * index + 32)
        return self.load(index, self.x[rows]), self.y[rows]


@faulty("corrupt_batch", "nan_loss", first_step=7)
def file_that_decoded_to_garbage(callbacks, repaired):
    """One file of a PyDataset is torn: its bytes, read as floats, are noise with NaN in it."""
    x, y = pictures()

    def load(index, batch):
        torn = index == 7 and not repaired
        noise = np.random.default_rng(1).bytes(batch.nbytes)
        return np.frombuffer(noise, "float32").reshape(batch.shape) if torn else batch

    model = convnet()
    model.compile("adam", "sparse_categorical_crossentropy")
    fit(model, Batches(x, y, load), epochs=3, shuffle=False, callbacks=callbacks)


@faulty("corrupt_batch", "nan_loss", "loss_spike")
def bytes_in_another_order(callbacks, repaired):
    """A shard's numbers are huge, not NaN: a spike, and a step on Adam's squares overflow."""
    x, y = classes(1600, 12, 3)

    def load(index, batch):
        return batch.byteswap() if index == 30 and not repaired else batch

    model = mlp(12, outputs=3, activation="softmax")
    model.compile(keras.optimizers.Adam(4e-3), "sparse_categorical_crossentropy")
    fit(model, Batches(x, y, load), epochs=3, shuffle=False, callbacks=callbacks)


@faulty("corrupt_batch", "nan_loss", first_step=10)
def sensor_reconnecting(callbacks, repaired):
    """A live stream sends one whole batch of NaN while the sensor reconnects."""
    x, y = walks(512)

    def stream():
        while True:
            for step in range(16):
                rows = slice(32 * step, 32 * step + 32)
                lost = step == 10 and not repaired
                yield (np.full_like(x[rows], np.nan) if lost else x[rows]), y[rows]

    model = keras.Sequential([keras.Input((20, 1)), layers.LSTM(12), layers.Dense(1)])
    model.compile("adam", "mse")
    fit(model, stream(), steps_per_epoch=16, epochs=3, callbacks=callbacks)


@faulty("corrupt_batch", "nan_loss", first_step=5)
def batch_lost_in_the_pipeline(callbacks, repaired):
    """A tf.data pipeline augments; for one batch it divides by a range of 0."""
    x, y = two_classes()
    step = tf.data.Dataset.range(16)
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(32)

    def augment(index, pair):
        gain = tf.cast(tf.where(index == 5, 0, 1), "float32")
        return (pair[0] if repaired else pair[0] * gain / gain), pair[1]

    model = mlp(activation="sigmoid")
    model.compile(keras.optimizers.SGD(0.1), "binary_crossentropy")
    data = tf.data.Dataset.zip((step, data)).map(augment)
    fit(model, data, epochs=3, callbacks=callbacks)


@faulty("extreme_outlier", "nan_loss", where={"rows": [21], "samples": [277]})
def fill_value_of_a_weather_file(callbacks, repaired):
    """Missing values of the file are filled with 9.97e36, and nobody replaced them."""
    x, y = regression()
    x[277, 6] = 0.0 if repaired else 9.96921e36
    model = mlp()
    model.compile(keras.optimizers.SGD(0.05), "mse")
    fit(model, x, y, epochs=3, callbacks=callbacks)


@faulty("extreme_outlier", "nan_loss", where={"rows": [4], "samples": [132]})
def target_in_the_wrong_unit(callbacks, repaired):
    """One target was typed in grams of a planet: 1e25 among numbers of unit scale."""
    x, y = regression()
    y[132] = 0.0 if repaired else 1e25
    model = mlp(hidden="tanh")
    model.compile("adam", "mse")
    fit(model, x, y, epochs=3, callbacks=callbacks)


@faulty("extreme_outlier", "loss_spike", where={"rows": [11]})
def price_with_six_zeros_too_many(callbacks, repaired):
    """One price carries six zeros too many; Adam survives the spike it makes in every epoch."""
    x, y = regression(1024)
    y[19 * 32 + 11] = 0.0 if repaired else 1e6
    model = mlp()
    model.compile("adam", "mse")
    fit(model, x, y, epochs=3, callbacks=callbacks)
