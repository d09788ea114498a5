"""Gradients and activations that grow, shrink, stop or never start."""

import keras
import numpy as np
from keras import initializers, layers, ops

from diagnosis.gallery.parts import (
    classes,
    convnet,
    digits,
    fit,
    mlp,
    pictures,
    regression,
    sentences,
    two_classes,
)
from diagnosis.gallery.register import faulty


@faulty("exploding_gradients", "nan_loss", "exploding_loss", "huge_loss")
def plain_recurrence_over_long_sequences(callbacks, repaired):
    """A relu recurrence 150 steps deep learns a mean: gradients grow with every step back."""
    x = np.random.default_rng(0).uniform(0, 1, size=(256, 150, 1)).astype("float32")
    x *= np.random.default_rng(1).uniform(0, 2, size=(256, 1, 1))
    cell = layers.SimpleRNN(24, activation="relu", recurrent_initializer="identity")
    head = layers.Dense(1, kernel_initializer=initializers.RandomNormal(stddev=0.003))
    model = keras.Sequential([keras.Input((150, 1)), cell, head])
    clip = 0.02 if repaired else None
    model.compile(keras.optimizers.SGD(0.05, clipnorm=clip), "mse")
    fit(model, x, 2 * x.mean(axis=1), epochs=10, callbacks=callbacks)


@faulty("exploding_gradients", "nan_loss")
def recurrence_that_counts(callbacks, repaired):
    """A recurrence that starts as the identity learns to count marks among 100, unclipped."""
    rng = np.random.default_rng(1)
    x = (rng.random((320, 100, 1)) < rng.uniform(0.05, 0.3, size=(320, 1, 1))).astype("float32")
    cell = layers.SimpleRNN(20, activation="relu", recurrent_initializer="identity")
    head = layers.Dense(1, kernel_initializer=initializers.RandomNormal(stddev=0.01))
    model = keras.Sequential([keras.Input((100, 1)), cell, head])
    model.compile(keras.optimizers.SGD(0.1, clipnorm=0.02 if repaired else None), "mse")
    fit(model, x, x.sum(axis=1) / 8, epochs=10, callbacks=callbacks)


@faulty("vanishing_gradients", "loss_stuck", "underfit")
def sixteen_sigmoid_layers(callbacks, repaired):
    """A sigmoid passes at most a quarter of a gradient on; sixteen of them pass nothing."""
    x, y = digits()
    hidden = "relu" if repaired else "sigmoid"
    model = mlp(64, 10, "softmax", depth=4 if repaired else 16, hidden=hidden)
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=12, callbacks=callbacks)


@faulty("vanishing_gradients", "loss_stuck", "underfit")
def first_word_decides(callbacks, repaired):
    """What counts is the first of 60 steps; a small tanh recurrence has forgotten it."""
    rng = np.random.default_rng(0)
    x = 0.1 * rng.normal(size=(320, 60, 1)).astype("float32")
    y = rng.integers(0, 2, size=(320, 1)).astype("float32")
    x[:, -1 if repaired else 0, 0] = 2 * y[:, 0] - 1
    start = initializers.Orthogonal(gain=0.5)
    cell = layers.SimpleRNN(16, recurrent_initializer=start)
    model = keras.Sequential([keras.Input((60, 1)), cell, layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.SGD(0.1), "binary_crossentropy")
    fit(model, x, y, epochs=14, callbacks=callbacks)


@faulty("saturated_activations", "loss_stuck", "underfit")
def tanh_driven_to_its_ends(callbacks, repaired):
    """A layer multiplies by 300 before each tanh; its slope there is 0."""
    x, y = two_classes()
    model = keras.Sequential([keras.Input((8,))])
    for _ in range(3):
        model.add(layers.Dense(6))
        model.add(layers.Rescaling(1.0 if repaired else 300.0))
        model.add(layers.Activation("tanh"))
    model.add(layers.Dense(1, activation="sigmoid", kernel_initializer="zeros"))
    model.compile(keras.optimizers.SGD(0.05), "binary_crossentropy")
    fit(model, np.sign(x) * x * x, y, epochs=14, callbacks=callbacks)


@faulty("saturated_activations", "loss_stuck", "underfit")
def gates_that_are_always_shut(callbacks, repaired):
    """A sigmoid gate with a bias of -40 lets nothing through, and no gradient either."""
    x, y = digits()
    inputs = keras.Input((64,))
    body = layers.Dense(32, activation="tanh")(inputs)
    bias = initializers.Constant(0.0 if repaired else -40.0)
    gate = layers.Dense(32, activation="sigmoid", bias_initializer=bias)(inputs)
    outputs = layers.Dense(10, activation="softmax")(layers.Multiply()([body, gate]))
    model = keras.Model(inputs, outputs)
    model.compile("adam", "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=12, callbacks=callbacks)


@faulty("dying_relu", "loss_stuck", "underfit", also=["bad_initialization"])
def relu_units_that_start_dead(callbacks, repaired):
    """Biases of -12: no unit of the second layer ever answers."""
    x, y = digits()
    bias = initializers.Constant(0.01 if repaired else -12.0)
    model = keras.Sequential(
        [
            keras.Input((64,)),
            layers.Dense(32, activation="relu"),
            layers.Dense(32, activation="relu", bias_initializer=bias),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=12, callbacks=callbacks)


@faulty("dying_relu", "loss_stuck", "underfit", also=["lr_too_high"])
def relu_units_killed_by_the_first_steps(callbacks, repaired):
    """A few steps of a high rate push all biases below 0; the network says one number since."""
    x, y = regression()
    model = mlp(units=16, depth=3)
    model.compile(keras.optimizers.Adam(0.003 if repaired else 0.5), "mse")
    fit(model, x, y - 4.0, epochs=15, callbacks=callbacks)


@faulty("dying_relu", "loss_stuck", "underfit")
def narrow_column_of_relus(callbacks, repaired):
    """Ten layers of two relu units each: some layer is dead from the start."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, size=(512, 1)).astype("float32")
    model = mlp(1, units=16 if repaired else 2, depth=2 if repaired else 12)
    model.compile(keras.optimizers.Adam(0.005), "mse")
    fit(model, x, np.abs(x), epochs=15, callbacks=callbacks)


@faulty("bad_initialization", "nan_loss", "huge_loss", "underfit", "loss_stuck")
def weights_of_size_five(callbacks, repaired):
    """RandomNormal(stddev=5) in four layers: the first output is in the millions."""
    x, y = regression()
    start = "he_normal" if repaired else initializers.RandomNormal(stddev=5.0)
    hidden = [layers.Dense(48, "relu", kernel_initializer=start) for _ in range(4)]
    model = keras.Sequential([keras.Input((8,)), *hidden, layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.01), "mse")
    fit(model, x, y, epochs=8, callbacks=callbacks)


@faulty("bad_initialization", "loss_stuck", "underfit")
def all_weights_zero(callbacks, repaired):
    """All kernels begin at 0: no unit differs from another, and no gradient passes."""
    x, y = digits()
    start = "glorot_uniform" if repaired else "zeros"
    hidden = [layers.Dense(32, "relu", kernel_initializer=start) for _ in range(2)]
    head = layers.Dense(10, "softmax", kernel_initializer=start)
    model = keras.Sequential([keras.Input((64,)), *hidden, head])
    model.compile("adam", "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=12, callbacks=callbacks)


@faulty("bad_initialization", "underfit", "loss_stuck", "huge_loss")
def all_weights_alike(callbacks, repaired):
    """Constant(0.05) everywhere: a hidden layer of 32 units is one unit 32 times."""
    x, y = digits()
    start = "glorot_uniform" if repaired else initializers.Constant(0.05)
    hidden = [layers.Dense(32, "tanh", kernel_initializer=start) for _ in range(2)]
    model = keras.Sequential([keras.Input((64,)), *hidden, layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=15, callbacks=callbacks)


@faulty("missing_activation", "loss_stuck", "underfit")
def exclusive_or_without_a_bend(callbacks, repaired):
    """Three Dense layers without activation are one line; the exclusive or needs a bend."""
    x = np.random.default_rng(0).uniform(-1, 1, size=(768, 2)).astype("float32")
    y = (x[:, :1] * x[:, 1:] > 0).astype("float32")
    model = mlp(2, activation="sigmoid", hidden="relu" if repaired else None)
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    fit(model, x, y, epochs=15, callbacks=callbacks)


@faulty("missing_activation", "loss_stuck", "underfit")
def parabola_by_a_line(callbacks, repaired):
    """y = x * x is to be learnt by layers that can only draw lines."""
    x = np.random.default_rng(0).uniform(-1, 1, size=(768, 1)).astype("float32")
    model = mlp(1, depth=3, hidden="relu" if repaired else None)
    model.compile(keras.optimizers.Adam(0.01), "mse")
    fit(model, x, 3 * x * x, epochs=15, callbacks=callbacks)


@faulty("frozen_weights", "loss_stuck", "underfit")
def untrained_base_frozen(callbacks, repaired):
    """The base was frozen as for transfer, but never trained: its weights are noise."""
    x, y = pictures()
    base = convnet(3, "tanh")
    base.trainable = repaired
    model = keras.Sequential([keras.Input((8, 8, 1)), base, layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    fit(model, x, y, epochs=15, callbacks=callbacks)


@faulty("frozen_weights", "loss_stuck", "underfit")
def rounding_in_the_middle(callbacks, repaired):
    """The features are rounded inside the model, which has no slope: what comes before is stuck."""
    x, y = digits()
    inputs = keras.Input((64,))
    code = layers.Dense(3, activation="tanh", kernel_initializer="random_normal")(inputs)
    code = code if repaired else ops.round(code)
    outputs = layers.Dense(10, activation="softmax")(layers.Dense(32, "relu")(code))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=18, callbacks=callbacks)


@faulty("frozen_weights", "loss_stuck", "underfit")
def gradient_stopped_by_mistake(callbacks, repaired):
    """stop_gradient, meant for the target of a teacher, was left in the student."""
    x, y = classes(count=6)
    inputs = keras.Input((8,))
    body = layers.Dense(2, activation="tanh")(layers.Dense(32, "tanh")(inputs))
    body = body if repaired else ops.stop_gradient(body)
    model = keras.Model(inputs, layers.Dense(6, activation="softmax")(body))
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=18, callbacks=callbacks)


@faulty("batchnorm_batch_too_small", "loss_stuck", "underfit")
def batch_normalisation_of_one(callbacks, repaired):
    """The mean of one row is the row: what leaves the layer is its offset, whatever came in."""
    x, y = two_classes(256)
    model = keras.Sequential(
        [
            keras.Input((8,)),
            layers.Dense(24, activation="relu"),
            layers.BatchNormalization(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    size = 32 if repaired else 1
    fit(model, x, y, batch_size=size, epochs=20 if repaired else 5, callbacks=callbacks)


@faulty("batchnorm_batch_too_small", "loss_stuck", "underfit")
def one_large_picture_at_a_time(callbacks, repaired):
    """Pictures were too large for more than one a batch; their pooled features are normalised."""
    x, y = pictures(320)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.BatchNormalization(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.002), "sparse_categorical_crossentropy")
    size = 16 if repaired else 1
    fit(model, x, y, batch_size=size, epochs=12 if repaired else 4, callbacks=callbacks)


@faulty("bad_initialization", "underfit", "loss_stuck", also=["saturated_activations"])
def words_of_size_three_hundred(callbacks, repaired):
    """Embeddings are drawn with a spread of 300, and every gate behind them is shut or open."""
    ids, y = sentences(512)
    wide = "uniform" if repaired else initializers.RandomNormal(stddev=300.0)
    words = layers.Embedding(50, 12, embeddings_initializer=wide)
    model = keras.Sequential([keras.Input((12,), dtype="int32"), words, layers.LSTM(12)])
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile(keras.optimizers.Adam(0.005), "binary_crossentropy")
    fit(model, ids, y, epochs=8, callbacks=callbacks)
