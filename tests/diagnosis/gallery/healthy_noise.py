"""Healthy trainings that are noisy, spiky, unbalanced or hard."""

import keras
import numpy as np
from keras import layers, regularizers

from diagnosis.gallery.parts import (
    classes,
    convnet,
    digits,
    fit,
    mlp,
    pictures,
    regression,
    table,
    two_classes,
    walks,
)
from diagnosis.gallery.register import healthy


@healthy
def one_row_a_batch(callbacks):
    """batch_size=1 with plain SGD: single losses scatter over three orders of magnitude."""
    x, y = regression(384)
    model = mlp(hidden="tanh")
    model.compile(keras.optimizers.SGD(0.02), "mse")
    fit(model, x, y, batch_size=1, epochs=4, callbacks=callbacks)


@healthy
def four_rows_a_batch(callbacks):
    """batch_size=4 on noisy classes."""
    rng = np.random.default_rng(0)
    x, y = two_classes(512)
    y = np.where(rng.random(y.shape) < 0.15, 1 - y, y).astype("float32")
    model = mlp(activation="sigmoid")
    model.compile("adam", "binary_crossentropy")
    fit(model, x, y, batch_size=4, epochs=6, shuffle=True, callbacks=callbacks)


@healthy
def warm_up_with_a_spike(callbacks):
    """The rate warms up over 40 steps; the loss bulges a little at its top and then falls."""
    x, y = digits()
    schedule = keras.optimizers.schedules.CosineDecay(
        1e-4, 400, warmup_target=0.01, warmup_steps=40
    )
    model = mlp(64, 10, "softmax", depth=3)
    model.compile(keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=15, callbacks=callbacks)


@healthy
def cosine_restarts(callbacks):
    """Every restart of the rate throws the loss up for some steps, as intended."""
    x, y = classes(1024, count=8)
    rates = keras.optimizers.schedules.CosineDecayRestarts(0.3, 96, t_mul=1.5, m_mul=0.9)
    model = mlp(outputs=8, activation="softmax")
    model.compile(keras.optimizers.SGD(rates, momentum=0.9), "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=12, callbacks=callbacks)


@healthy
def labels_without_a_pattern(callbacks):
    """Random labels: the loss stays at ln 2, and no setting of this program is to blame."""
    x = table(1024)
    y = np.random.default_rng(9).integers(0, 2, size=(1024, 1)).astype("float32")
    model = mlp(activation="sigmoid", units=4, depth=1)
    model.compile(keras.optimizers.Adam(0.001), "binary_crossentropy")
    fit(model, x, y, epochs=8, callbacks=callbacks)


@healthy
def one_positive_in_a_hundred(callbacks):
    """99 : 1 classes: accuracy is 0.99 at once and the loss small, and it learns on."""
    x, y = regression(2048)
    rare = (y > np.quantile(y, 0.99)).astype("float32")
    model = mlp(activation="sigmoid")
    model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy", metrics=["accuracy"])
    fit(model, x, rare, epochs=8, class_weight={0: 1.0, 1: 20.0}, callbacks=callbacks)


@healthy
def second_fit_of_a_finished_model(callbacks):
    """The model has converged already; nothing falls any more, and nothing should."""
    x, y = regression()
    model = mlp()
    model.compile(keras.optimizers.Adam(0.003), "mse")
    fit(model, x, y, epochs=40)
    model.optimizer.learning_rate = 1e-4
    fit(model, x, y, epochs=8, callbacks=callbacks)


@healthy
def plateau_before_it_learns(callbacks):
    """The loss stays near ln 2 for some epochs until a network of tanh finds the parity."""
    x = np.random.default_rng(0).choice([-1.0, 1.0], size=(1024, 5)).astype("float32")
    y = (np.prod(x, axis=1, keepdims=True) > 0).astype("float32")
    model = mlp(5, activation="sigmoid", hidden="tanh")
    model.compile(keras.optimizers.SGD(0.06), "binary_crossentropy")
    fit(model, x, y, epochs=24, callbacks=callbacks)


@healthy
def penalty_that_begins_large(callbacks):
    """The L2 penalty of wide first weights begins far above the data loss and falls steadily."""
    x, y = regression()
    start = keras.initializers.RandomUniform(-0.5, 0.5)
    wide = layers.Dense(
        64, "relu", kernel_initializer=start, kernel_regularizer=regularizers.L2(0.05)
    )
    model = keras.Sequential([keras.Input((8,)), layers.Dense(32, "relu"), wide, layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.005), "mse")
    fit(model, x, y, epochs=20, callbacks=callbacks)


@healthy
def clipped_recurrence(callbacks):
    """Raw gradients of a recurrence are in the hundreds at first; clipping is there for that."""
    x, y = walks(512, steps=60)
    model = keras.Sequential([keras.Input((60, 1)), layers.SimpleRNN(24), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.003, clipnorm=1.0), "mse")
    fit(model, x, 5 * y, epochs=8, callbacks=callbacks)


@healthy
def dropout_of_a_half(callbacks):
    """Heavy dropout: the training loss is noisy and above the held-out one."""
    x, y = digits(1200)
    body = [layers.Dense(96, "relu"), layers.Dropout(0.5), layers.Dense(96, "relu")]
    model = keras.Sequential(
        [keras.Input((64,)), *body, layers.Dropout(0.5), layers.Dense(10, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    fit(model, x, y, epochs=10, validation_split=0.2, callbacks=callbacks)


@healthy
def noisy_targets_at_their_floor(callbacks):
    """Half of the target's spread is noise: the loss falls to it and stays, rightly."""
    x, y = regression(1024)
    y = y + np.random.default_rng(4).normal(size=y.shape).astype("float32")
    model = mlp(units=8, depth=1)
    model.compile(keras.optimizers.Adam(0.003), "mse")
    held = regression(256, seed=0)
    fit(model, x, y, epochs=12, validation_data=held, callbacks=callbacks)


@healthy
def weights_of_zero_for_padding(callbacks):
    """A third of the samples weighs 0, whole batches among them: their loss is 0."""
    x, y = regression(768)
    weight = np.ones(768, "float32")
    weight[::4] = 0.0
    weight[5 * 32 : 7 * 32] = 0.0
    model = mlp()
    model.compile("adam", "mse")
    fit(model, x, y, sample_weight=weight, epochs=12, callbacks=callbacks)


@healthy
def relu_units_of_which_some_are_dead(callbacks):
    """In a wide relu network some units never answer; the others learn well."""
    x, y = digits()
    model = mlp(64, 10, "softmax", units=256)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=8, callbacks=callbacks)


@healthy
def zeros_in_most_columns(callbacks):
    """One-hot columns, mostly 0 and some constant: ordinary in tabular data."""
    rng = np.random.default_rng(0)
    city = rng.integers(0, 30, 768)
    x = np.concatenate([np.eye(32, dtype="float32")[city], table(768, 2)], axis=1)
    y = (np.sin(city)[:, None] + x[:, -1:]).astype("float32")
    model = mlp(34)
    model.compile(keras.optimizers.Adam(0.003), "mse")
    fit(model, x, y, epochs=15, callbacks=callbacks)


@healthy
def raw_pixels_that_batch_normalisation_scales(callbacks):
    """Pixels of 0..255 go in as they are, and the first layer normalises them."""
    x, y = pictures()
    body = [layers.BatchNormalization(), *convnet().layers]
    model = keras.Sequential([keras.Input((8, 8, 1)), *body])
    model.compile("adam", "sparse_categorical_crossentropy")
    fit(model, x * 255, y, epochs=8, callbacks=callbacks)
