"""Unsafe operations inside the model, and ids out of range."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from diagnosis.gallery.parts import (
    digits,
    fit,
    pictures,
    regression,
    sentences,
    two_classes,
    walks,
)
from diagnosis.gallery.register import faulty


@faulty("layer_log_of_nonpositive", "nan_loss", first_step=0, where={"layer": "compress"})
def log_layer_on_standardised_data(callbacks, repaired):
    """A Lambda takes the log of features that were standardised, so half are negative."""
    x, _ = regression()
    y = 4 * np.log1p(np.abs(x)).mean(axis=1, keepdims=True) - 2
    squeeze = (lambda t: ops.log1p(ops.abs(t))) if repaired else ops.log
    steps = [layers.Lambda(squeeze, name="compress"), layers.Dense(16, "relu"), layers.Dense(1)]
    model = keras.Sequential([keras.Input((8,)), *steps])
    model.compile("adam", "mse")
    fit(model, x, y, epochs=5, callbacks=callbacks)


@faulty("layer_log_of_nonpositive", "nan_loss", first_step=6, where={"layer": "geo", "rows": [3]})
def geometric_mean_of_a_silent_row(callbacks, repaired):
    """A layer takes the geometric mean over time of loudness; one recording is silent."""

    class GeometricMean(layers.Layer):
        def call(self, loud):
            safe = ops.maximum(loud, 1e-3) if repaired else loud
            return ops.exp(ops.mean(ops.log(safe) * ops.sign(loud), axis=1))

    x, y = walks(512)
    x = np.abs(np.concatenate([x, x[:, ::-1]], axis=-1)) + 0.05
    x[6 * 32 + 3] = 0.0
    inputs = keras.Input((20, 2))
    pooled = GeometricMean(name="geo")(inputs)
    model = keras.Model(inputs, layers.Dense(1)(layers.Dense(16, "tanh")(pooled)))
    model.compile("adam", "mse")
    fit(model, x, y, epochs=5, callbacks=callbacks)


@faulty("layer_division_by_zero", "nan_loss", first_step=4, where={"layer": "share", "rows": [19]})
def shares_of_an_empty_row(callbacks, repaired):
    """A layer divides each row by its sum; one row is empty."""

    class Share(layers.Layer):
        def call(self, amounts):
            total = ops.sum(amounts, axis=-1, keepdims=True)
            return amounts / (total + 1e-3 if repaired else total)

    x = np.abs(two_classes()[0])
    y = (x[:, :1] > x[:, 1:2]).astype("float32")
    x[4 * 32 + 19] = 0.0
    model = keras.Sequential(
        [
            keras.Input((8,)),
            Share(name="share"),
            layers.Dense(16, "relu"),
            layers.Dense(1, "sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.005), "binary_crossentropy")
    fit(model, x, y, epochs=5, callbacks=callbacks)


@faulty("layer_division_by_zero", "nan_loss", first_step=3, where={"layer": "spread", "rows": [5]})
def degree_of_a_lonely_node(callbacks, repaired):
    """A graph convolution takes degrees to the power -1/2; one graph has a node without edges."""

    class Spread(layers.Layer):
        def call(self, edges):
            degree = ops.sum(edges, axis=-1)
            share = (ops.maximum(degree, 1.0) if repaired else degree) ** -0.5
            return ops.mean(share[:, None, :] * edges * share[:, :, None], axis=-1)

    rng = np.random.default_rng(0)
    edges = (rng.uniform(size=(512, 10, 10)) < rng.uniform(0.3, 0.9, (512, 1, 1))).astype("float32")
    edges += np.eye(10, dtype="float32")
    y = edges.mean(axis=(1, 2), keepdims=False)[:, None]
    edges[3 * 32 + 5, 4] = 0.0
    steps = [Spread(name="spread"), layers.Dense(16, "relu"), layers.Dense(1)]
    model = keras.Sequential([keras.Input((10, 10)), *steps])
    model.compile("adam", "mse")
    fit(model, edges, y, epochs=4, callbacks=callbacks)


@faulty("layer_division_by_zero", "nan_loss", first_step=2, where={"layer": "contrast"})
def contrast_of_a_blank_picture(callbacks, repaired):
    """A subclassed model normalises each picture to its own range; one picture is blank."""

    class Contrast(layers.Layer):
        def call(self, images):
            low = ops.min(images, axis=(1, 2, 3), keepdims=True)
            high = ops.max(images, axis=(1, 2, 3), keepdims=True)
            return (images - low) / (high - low + (1e-3 if repaired else 0.0))

    class Reader(keras.Model):
        def __init__(self):
            super().__init__()
            self.contrast = Contrast(name="contrast")
            self.conv = layers.Conv2D(8, 3, activation="relu")
            self.flat, self.head = layers.Flatten(), layers.Dense(10, activation="softmax")

        def call(self, images):
            return self.head(self.flat(self.conv(self.contrast(images))))

    x, y = pictures()
    x[2 * 32 + 25] = 0.5
    model = Reader()
    model.compile("adam", "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=4, callbacks=callbacks)


@faulty("layer_sqrt_zero_grad", "nan_loss", first_step=5, where={"layer": "spread", "rows": [28]})
def spread_of_a_constant_series(callbacks, repaired):
    """A layer pools by standard deviation; the root of a constant series' 0 has no slope."""

    class Spread(layers.Layer):
        def call(self, series):
            return ops.sqrt(ops.var(series, axis=1) + (1e-6 if repaired else 0.0))

    x, y = walks(512)
    x[5 * 32 + 28] = 0.0
    conv = layers.Conv1D(6, 3, use_bias=False)
    parts = [conv, Spread(name="spread"), layers.Dense(12, "tanh"), layers.Dense(1)]
    model = keras.Sequential([keras.Input((20, 1)), *parts])
    model.compile("adam", "mse")
    fit(model, x, np.abs(y), epochs=5, callbacks=callbacks)


@faulty("layer_sqrt_zero_grad", "nan_loss", first_step=8, where={"rows": [6]})
def length_of_a_zero_vector(callbacks, repaired):
    """Capsules are squashed by their length; an empty row has length 0."""

    class Length(layers.Layer):
        def call(self, vectors):
            squared = ops.sum(ops.square(vectors), axis=-1)
            return ops.sqrt(squared + 1e-7) if repaired else ops.norm(vectors, axis=-1)

    x, _ = two_classes()
    y = (np.square(x).sum(axis=1, keepdims=True) > 7.3).astype("float32")
    x[8 * 32 + 6] = 0.0
    inputs = keras.Input((8,))
    capsules = layers.Reshape((6, 4))(layers.Dense(24, use_bias=False)(inputs))
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(Length()(capsules)))
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy")
    fit(model, x, y, epochs=8, callbacks=callbacks)


@faulty("layer_exp_overflow", "nan_loss", first_step=0, where={"layer": "soften"})
def softmax_by_hand(callbacks, repaired):
    """exp(x) / sum(exp(x)) without taking the largest away first, on scores in the hundreds."""

    class Soften(layers.Layer):
        def call(self, scores):
            top = ops.max(scores, axis=-1, keepdims=True) if repaired else 0.0
            powers = ops.exp(scores - top)
            return powers / ops.sum(powers, axis=-1, keepdims=True)

    x, y = digits()
    start = keras.initializers.RandomUniform(-0.1, 0.1)
    head = layers.Dense(10, kernel_initializer=start)
    scale = layers.Rescaling(1.0 if repaired else 400.0)
    model = keras.Sequential([keras.Input((64,)), head, scale, Soften(name="soften")])
    model.compile("adam", "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=8, callbacks=callbacks)


@faulty("layer_exp_overflow", "nan_loss", first_step=0, where={"layer": "bells"})
def bell_curve_upside_down(callbacks, repaired):
    """Radial units without the minus: exp(+distance) instead of exp(-distance)."""

    class Bells(layers.Layer):
        def build(self, shape):
            self.centres = self.add_weight(shape=(16, shape[-1]), initializer="random_normal")

        def call(self, x):
            apart = ops.sum(ops.square(x[:, None] - self.centres), axis=-1)
            return ops.exp(-apart / 8 if repaired else 8 * apart)

    x, y = regression()
    model = keras.Sequential([keras.Input((8,)), Bells(name="bells"), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.02), "mae")
    fit(model, x, y, epochs=10, callbacks=callbacks)


@faulty("all_masked_softmax", "nan_loss", first_step=7, where={"layer": "attend", "rows": [2]})
def attention_to_nobody(callbacks, repaired):
    """Padding is masked with -inf; a text of padding only leaves a softmax of nothing."""

    class Attend(layers.Layer):
        def build(self, shape):
            self.score = self.add_weight(shape=(8, 1), name="score")

        def call(self, vectors, ids):
            low = -1e9 if repaired else -np.inf
            scores = ops.where(ids != 0, ops.matmul(vectors, self.score)[..., 0], low)
            return ops.einsum("bt,btd->bd", ops.softmax(scores, axis=-1), vectors)

    ids, y = sentences()
    ids[7 * 32 + 2] = 0
    inputs = keras.Input((12,), dtype="int32")
    attended = Attend(name="attend")(layers.Embedding(50, 8)(inputs), inputs)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(attended))
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    fit(model, ids, y, epochs=6, callbacks=callbacks)


@faulty(
    "index_out_of_range",
    "exception",
    first_step=5,
    where={"rows": [14]},
    raises=tf.errors.InvalidArgumentError,
)
def word_beyond_the_vocabulary(callbacks, repaired):
    """The tokenizer knows one word more than the embedding has rows."""
    ids, y = sentences()
    ids[5 * 32 + 14, 4] = 49 if repaired else 50
    body = [layers.Embedding(50, 8), layers.GlobalAveragePooling1D(), layers.Dense(1, "sigmoid")]
    model = keras.Sequential([keras.Input((12,), dtype="int32"), *body])
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    fit(model, ids, y, epochs=6, callbacks=callbacks)


@faulty("index_out_of_range", "exception", first_step=0, raises=tf.errors.InvalidArgumentError)
def ids_of_another_catalogue(callbacks, repaired):
    """A recommender looks up article numbers in the thousands in a table of 64."""
    rng = np.random.default_rng(0)
    users, items = rng.integers(0, 40, 512), rng.integers(0, 64, 512)
    rating = ((users + items) % 2).astype("float32")
    a, b = keras.Input((1,), dtype="int32"), keras.Input((1,), dtype="int32")
    vectors = layers.Concatenate()([layers.Embedding(40, 8)(a), layers.Embedding(64, 8)(b)])
    hidden = layers.Dense(16, activation="relu")(layers.Flatten()(vectors))
    model = keras.Model([a, b], layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    items = items if repaired else items + 5000
    fit(model, [users[:, None], items[:, None]], rating, epochs=10, callbacks=callbacks)
