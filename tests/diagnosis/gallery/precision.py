"""Half precision that over- and underflows, and networks that learn their rows by heart."""

import keras
import numpy as np
from keras import layers, ops

from diagnosis.gallery.parts import classes, fit, mlp, regression, sentences, two_classes
from diagnosis.gallery.register import faulty


@faulty("float16_overflow", "nan_loss", first_step=0)
def sum_of_many_pixels_in_half_precision(callbacks, repaired):
    """mixed_float16: bright pixels of a large picture add up to more than 65504."""
    if not repaired:
        keras.config.set_dtype_policy("mixed_float16")
    rng = np.random.default_rng(0)
    x = rng.uniform(100, 255, size=(320, 24, 24, 1)).astype("float32")
    y = (x.mean(axis=(1, 2)) > 177.5).astype("float32")
    x[y[:, 0] == 1, :, :12] *= 0.5
    total = layers.Lambda(lambda t: ops.sum(t, axis=(1, 2)) / 1e5 - 0.8)
    model = keras.Sequential(
        [keras.Input((24, 24, 1)), total, layers.Dense(8, "tanh"), layers.Dense(1, dtype="float32")]
    )
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.02), loss)
    fit(model, x, y, epochs=6, callbacks=callbacks)


@faulty("float16_overflow", "nan_loss", first_step=6, where={"rows": [3, 4, 5]})
def square_in_half_precision(callbacks, repaired):
    """mixed_float16: a squared feature of 300 is 90000, in some rows of one batch."""
    keras.config.set_dtype_policy("float32" if repaired else "mixed_float16")
    x, y = regression()
    x[6 * 32 + 3 : 6 * 32 + 6, 1] = 300.0
    inputs = keras.Input((8,))
    powers = layers.Lambda(lambda t: ops.sign(t) * ops.log1p(ops.square(t)))(inputs)
    hidden = layers.Dense(16, "relu")(powers)
    model = keras.Model(inputs, layers.Dense(1, dtype="float32")(hidden))
    model.compile(keras.optimizers.Adam(0.003), "mse")
    fit(model, x, y, epochs=5, callbacks=callbacks)


@faulty("float16_epsilon_underflow", "nan_loss", first_step=0)
def epsilon_of_adam_in_half_precision(callbacks, repaired):
    """All in float16: Adam's epsilon of 1e-8 is 0 there, and a dead column gives 0 / 0."""
    keras.config.set_floatx("float32" if repaired else "float16")
    keras.config.set_dtype_policy("float32" if repaired else "float16")
    x, y = regression()
    x[:, 3] = 0.0
    model = mlp(hidden="tanh")
    model.compile(keras.optimizers.Adam(0.002, epsilon=1e-8), "mse")
    fit(model, x, y, epochs=5, callbacks=callbacks)


@faulty("float16_epsilon_underflow", "nan_loss", where={"layer": "attend"})
def epsilon_of_a_log_in_half_precision(callbacks, repaired):
    """log(p + 1e-8) of an entropy penalty is safe in float32; in float16 the 1e-8 is 0."""
    keras.config.set_dtype_policy("float32" if repaired else "mixed_float16")

    class Attend(layers.Layer):
        def call(self, scores):
            p = ops.softmax(scores)
            entropy = -ops.mean(ops.sum(p * ops.log(p + 1e-8), axis=-1))
            self.add_loss(0.01 * ops.cast(entropy, "float32"))
            return p

    x, y = classes()
    attend = Attend(name="attend")
    parts = [layers.Dense(32, "relu"), layers.Dense(16), attend, layers.Dense(4, dtype="float32")]
    model = keras.Sequential([keras.Input((8,)), *parts])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    fit(model, 12 * x, y, epochs=8, callbacks=callbacks)


@faulty("overfitting", "overfit")
def forty_rows_by_heart(callbacks, repaired):
    """A wide network and forty noisy rows; the held-out loss turns up soon."""
    rng = np.random.default_rng(0)
    x, y = two_classes(1040, 20)
    y = np.where(rng.random(y.shape) < (0.02 if repaired else 0.25), 1 - y, y).astype("float32")
    rows = 640 if repaired else 40
    model = mlp(20, activation="sigmoid", units=16 if repaired else 256)
    model.compile(keras.optimizers.Adam(0.001 if repaired else 0.005), "binary_crossentropy")
    held = (x[700:], y[700:])
    epochs = 8 if repaired else 25
    fit(model, x[:rows], y[:rows], epochs=epochs, validation_data=held, callbacks=callbacks)


@faulty("overfitting", "overfit")
def words_by_heart(callbacks, repaired):
    """Few short texts and an embedding that can remember each."""
    ids, y = sentences(700, words=60 if repaired else 400)
    rng = np.random.default_rng(0)
    y = y if repaired else np.where(rng.random(y.shape) < 0.3, 1 - y, y)
    body = [layers.Embedding(400, 32), layers.Flatten(), layers.Dense(64, "relu")]
    model = keras.Sequential(
        [keras.Input((12,), dtype="int32"), *body, layers.Dense(1, activation="sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.002 if repaired else 0.005), "binary_crossentropy")
    rows = 500 if repaired else 100
    held = (ids[500:], y[500:])
    epochs = 3 if repaired else 20
    fit(model, ids[:rows], y[:rows], epochs=epochs, validation_data=held, callbacks=callbacks)


@faulty("custom_loss_log_of_nonpositive", "nan_loss")
def epsilon_that_a_graph_loses(callbacks, repaired):
    """log(1 - p + 1e-8): finite operation by operation, but a graph makes it log(1 - p)."""
    epsilon = 1e-6 if repaired else 1e-8

    def crossentropy(y_true, logits):
        p = ops.sigmoid(8 * logits)
        yes = y_true * ops.log(p + epsilon)
        return -ops.mean(yes + (1 - y_true) * ops.log(1 - p + epsilon), axis=-1)

    x, y = two_classes()
    model = mlp()
    model.compile(keras.optimizers.Adam(0.005), crossentropy)
    fit(model, x, y, epochs=8, callbacks=callbacks)
