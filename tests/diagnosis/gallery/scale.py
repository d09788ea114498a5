"""Features and targets far from unit scale."""

import keras
import numpy as np
from keras import layers

from diagnosis.gallery.parts import digits, fit, mlp, pictures, regression, table, two_classes
from diagnosis.gallery.register import faulty


def houses(rows=512):
    """Area, rooms, year, distance and tax in their own units, and log price of unit scale."""
    z = table(rows, 5)
    x = z * [600, 1, 25, 4000, 2000] + [1500, 4, 1980, 9000, 5000]
    y = z @ np.array([[0.6], [0.2], [0.3], [-0.4], [0.2]]) + 0.1 * table(rows, 1, seed=3)
    return x.astype("float32"), y.astype("float32")


def standardised(x):
    """Columns of mean 0 and spread 1."""
    return (x - x.mean(axis=0)) / x.std(axis=0)


@faulty("unscaled_features", "nan_loss")
def houses_in_their_own_units(callbacks, repaired):
    """Area in square feet, year, distance in metres: plain SGD leaves for infinity."""
    x, y = houses()
    model = mlp(5)
    model.compile(keras.optimizers.SGD(0.01), "mse")
    fit(model, standardised(x) if repaired else x, y, epochs=8, callbacks=callbacks)


@faulty("unscaled_features", "nan_loss")
def sixteen_bit_scans(callbacks, repaired):
    """Pictures of 0..65535 go into a convolution as they are."""
    x, y = pictures()
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            *([layers.Rescaling(1 / 65535)] if repaired else []),
            layers.Conv2D(8, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), "mse")
    fit(model, x * 65535, y[:, None] / 4.5 - 1, epochs=6, callbacks=callbacks)


@faulty("unscaled_features", "loss_stuck", "underfit", also=["saturated_activations"])
def raw_columns_into_sigmoids(callbacks, repaired):
    """Columns in the thousands pin every sigmoid of the first layer to 0 or 1."""
    x, y = houses()
    x, y = (standardised(x) if repaired else x * 50), (y > 0).astype("float32")
    model = mlp(5, activation="sigmoid", hidden="sigmoid")
    model.compile(keras.optimizers.SGD(0.5), "binary_crossentropy")
    fit(model, x, y, epochs=12, callbacks=callbacks)


@faulty("unscaled_targets", "nan_loss")
def prices_in_full(callbacks, repaired):
    """Prices of 200 000 as targets under SGD: the gradient is as large as the price."""
    x, y = regression()
    y = y if repaired else 200_000 + 80_000 * y
    model = mlp(hidden="leaky_relu")
    model.compile(keras.optimizers.SGD(0.02), "mse")
    fit(model, x, y, epochs=6, callbacks=callbacks)


@faulty("unscaled_targets", "loss_stuck", "underfit", "huge_loss")
def prices_in_full_under_adam(callbacks, repaired):
    """Adam moves each weight by about 0.001 a step: it would take a million steps to 200 000."""
    x, y = regression()
    y = y if repaired else 200_000 + 80_000 * y
    model = mlp()
    model.compile("adam", "mse")
    fit(model, x, y, epochs=15, callbacks=callbacks)


@faulty("unscaled_targets", "huge_loss", "underfit", "loss_stuck", "oscillating")
def populations_from_a_recurrent_network(callbacks, repaired):
    """An LSTM is to forecast a population of 8 million with momentum."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(320, 10, 2)).astype("float32")
    y = x.sum(axis=(1, 2), keepdims=False)[:, None] / 4
    model = keras.Sequential([keras.Input((10, 2)), layers.LSTM(16), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), "mse")
    fit(model, x, y if repaired else 8e6 + 2e6 * y, epochs=12, callbacks=callbacks)


@faulty("unscaled_features", "underfit", "loss_stuck", "huge_loss")
def ages_and_incomes_of_customers(callbacks, repaired):
    """Income in cents beside age in years under Adam: the loss begins in the hundred thousands."""
    x, y = two_classes(768)
    x = x * [12, 3e6, 1, 1, 2e5, 1, 1, 40] + [45, 5e6, 0, 0, 4e5, 0, 0, 100]
    model = mlp(activation="sigmoid")
    model.compile("adam", "binary_crossentropy")
    x = standardised(x) if repaired else x
    fit(model, x.astype("float32"), y, epochs=12, callbacks=callbacks)


@faulty("unscaled_targets", "loss_stuck", "underfit", "huge_loss")
def digits_as_large_numbers(callbacks, repaired):
    """A picture's digit is regressed as a serial number in the hundred thousands."""
    x, y = digits()
    y = y[:, None].astype("float32") / 4.5 - 1
    model = mlp(64)
    model.compile(keras.optimizers.RMSprop(0.001), "mae")
    fit(model, x, y if repaired else 5e5 + 1e5 * y, epochs=12, callbacks=callbacks)
