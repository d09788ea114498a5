"""Weights of classes and outputs that spoil the loss."""

import keras
import numpy as np
from keras import layers

from diagnosis.gallery.parts import classes, fit, mlp, regression, two_classes
from diagnosis.gallery.register import faulty


@faulty("bad_class_weight", "nan_loss", first_step=0)
def weight_of_a_class_that_is_missing(callbacks, repaired):
    """Weights are rows / (classes * count), with the counts of another file: one is inf."""
    x, y = classes()
    weights = {0: 1.0, 1: 1.0, 2: 1.0 if repaired else float("inf"), 3: 1.0}
    model = mlp(outputs=4, activation="softmax")
    model.compile("adam", "sparse_categorical_crossentropy")
    fit(model, x, y, class_weight=weights, epochs=5, callbacks=callbacks)


@faulty("bad_class_weight", "negative_loss")
def weight_below_zero(callbacks, repaired):
    """A class weight was computed as a difference and came out negative."""
    x, y = two_classes()
    model = mlp(activation="sigmoid")
    model.compile("adam", "binary_crossentropy")
    weights = {0: 1.0, 1: 1.0 if repaired else -1.0}
    fit(model, x, y, class_weight=weights, epochs=12, callbacks=callbacks)


@faulty("bad_class_weight", "exploding_loss", "huge_loss", "underfit", "loss_stuck", "oscillating")
def weight_of_a_million(callbacks, repaired):
    """The rare class weighs a million: every row is called rare."""
    x, y = classes(768, count=3)
    y = np.where((y == 2) & (np.arange(768) % 5 > 0), 1, y)
    model = mlp(outputs=3, activation="softmax")
    model.compile(keras.optimizers.SGD(0.05), "sparse_categorical_crossentropy")
    weights = {0: 1.0, 1: 1.0, 2: 2.0 if repaired else 1e6}
    fit(model, x, y, class_weight=weights, epochs=12, callbacks=callbacks)


def two_outputs():
    """A model with a number and a class to say, and its data."""
    x, y = regression()
    inputs = keras.Input((8,))
    body = layers.Dense(24, activation="relu")(inputs)
    outputs = {
        "amount": layers.Dense(1, name="amount")(body),
        "fraud": layers.Dense(1, activation="sigmoid", name="fraud")(body),
    }
    targets = {"amount": y, "fraud": (y > 0).astype("float32")}
    return keras.Model(inputs, outputs), x, targets


@faulty("bad_loss_weights", "negative_loss", "exploding_loss")
def loss_weight_below_zero(callbacks, repaired):
    """One of two outputs is weighted -1: its error is maximised."""
    model, x, targets = two_outputs()
    losses = {"amount": "mse", "fraud": "binary_crossentropy"}
    weights = {"amount": 1.0 if repaired else -1.0, "fraud": 1.0}
    model.compile("adam", losses, loss_weights=weights)
    fit(model, x, targets, epochs=12, callbacks=callbacks)


@faulty("bad_loss_weights", "nan_loss")
def loss_weight_that_is_infinite(callbacks, repaired):
    """Outputs are weighted by 1 / variance, and the variance of one was computed as 0."""
    model, x, targets = two_outputs()
    losses = {"amount": "mse", "fraud": "binary_crossentropy"}
    weights = {"amount": 1.0, "fraud": 1.0 if repaired else float("inf")}
    model.compile("adam", losses, loss_weights=weights)
    fit(model, x, targets, epochs=5, callbacks=callbacks)


@faulty("bad_loss_weights", "nan_loss", "huge_loss")
def loss_weight_of_ten_to_the_twelve(callbacks, repaired):
    """A loss weight was meant as 1e-12 and lost its sign."""
    model, x, targets = two_outputs()
    losses = {"amount": "mse", "fraud": "binary_crossentropy"}
    weights = {"amount": 1.0 if repaired else 1e12, "fraud": 1.0}
    model.compile(keras.optimizers.SGD(0.05), losses, loss_weights=weights)
    fit(model, x, targets, epochs=8, callbacks=callbacks)


@faulty("bad_loss_weights", "loss_stuck", "underfit")
def loss_weight_of_zero(callbacks, repaired):
    """One of two outputs was switched off for a trial, and never on again."""
    model, x, targets = two_outputs()
    losses = {"amount": "mse", "fraud": "binary_crossentropy"}
    weights = {"amount": 1.0, "fraud": 1.0 if repaired else 0.0}
    model.compile("adam", losses, loss_weights=weights, metrics={"fraud": "accuracy"})
    fit(model, x, targets, epochs=12, callbacks=callbacks)


@faulty("bad_class_weight", "zero_loss", "loss_stuck")
def class_weights_divided_to_nothing(callbacks, repaired):
    """Whole numbers were divided, and the weight of every class is 0."""
    x, y = classes()
    counts = np.bincount(y)
    divide = np.divide if repaired else np.floor_divide
    model = mlp(outputs=4, activation="softmax")
    model.compile("adam", "sparse_categorical_crossentropy")
    weights = dict(enumerate(divide(len(y), 100 * counts)))
    fit(model, x, y, class_weight=weights, epochs=6, callbacks=callbacks)


@faulty("bad_loss_weights", "underfit", "loss_stuck")
def rebuilding_that_counts_a_million_times(callbacks, repaired):
    """Both ends share a narrow body, which serves the one that rebuilds the inputs only."""
    x, target = regression()
    inputs = keras.Input((8,))
    code = layers.Dense(4, "relu")(layers.Dense(24, "relu")(inputs))
    ends = {
        "copy": layers.Dense(8, name="copy")(code),
        "kind": layers.Dense(1, "sigmoid", name="kind")(code),
    }
    model = keras.Model(inputs, ends)
    losses = {"copy": "mse", "kind": "binary_crossentropy"}
    weights = {"copy": 0.1 if repaired else 1e6, "kind": 1.0}
    model.compile(keras.optimizers.Adam(0.005), losses, loss_weights=weights)
    kinds = (target * x[:, :1] > 0).astype("float32")
    fit(model, x, {"copy": x, "kind": kinds}, epochs=15, callbacks=callbacks)


@faulty("bad_class_weight", "underfit", "huge_loss", "loss_stuck")
def weight_of_a_rare_class_times_a_thousand(callbacks, repaired):
    """One row in ten is of the rare class and counts fifty thousand times: all is called rare."""
    x, target = regression()
    rare = (target > np.quantile(target, 0.9)).astype("float32")
    model = mlp(activation="sigmoid")
    model.compile(keras.optimizers.Adam(0.005), "binary_crossentropy", metrics=["accuracy"])
    weights = {0: 1.0, 1: 8.0 if repaired else 50_000.0}
    fit(model, x, rare, class_weight=weights, epochs=12, callbacks=callbacks)
