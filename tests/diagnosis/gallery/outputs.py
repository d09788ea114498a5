"""Last activations and losses that don't agree with each other or with the target."""

import keras
import numpy as np
from keras import layers

from diagnosis.gallery.parts import (
    classes,
    convnet,
    digits,
    fit,
    mlp,
    pictures,
    regression,
    two_classes,
)
from diagnosis.gallery.register import faulty


@faulty("logits_mismatch", "underfit", "loss_stuck")
def softmax_twice(callbacks, repaired):
    """The network ends in a softmax, reshaped; from_logits=True applies another one."""
    x, y = digits()
    inputs = keras.Input((64,))
    hidden = layers.Dense(32, activation="relu")(inputs)
    scores = layers.Dense(10, activation=None if repaired else "softmax")(hidden)
    model = keras.Model(inputs, layers.Reshape((10,))(scores))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    fit(model, x, y, epochs=15, callbacks=callbacks)


@faulty("logits_mismatch", "underfit", "loss_stuck")
def sigmoid_twice(callbacks, repaired):
    """A subclassed model returns probabilities to a loss that takes them for logits."""

    class Classifier(keras.Model):
        def __init__(self):
            super().__init__()
            self.body, self.head = layers.Dense(32, activation="relu"), layers.Dense(1)

        def call(self, x):
            logits = self.head(self.body(x))
            return logits if repaired else 1.0 / (1.0 + keras.ops.exp(-logits))

    x, y = two_classes()
    model = Classifier()
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    fit(model, x, y, epochs=15, callbacks=callbacks)


@faulty("logits_mismatch", "underfit", "loss_stuck", "huge_loss")
def logits_taken_for_probabilities(callbacks, repaired):
    """A linear output of ten units, and a loss that expects probabilities."""
    x, y = pictures()
    model = convnet(activation=None)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=repaired)
    model.compile("adam", loss, metrics=["accuracy"])
    fit(model, x, y, epochs=12, callbacks=callbacks)


@faulty("logits_mismatch", "underfit", "loss_stuck", "huge_loss")
def one_linear_unit_into_binary_crossentropy(callbacks, repaired):
    """Dense(1) without sigmoid and loss="binary_crossentropy"."""
    x, y = two_classes()
    model = mlp(activation="sigmoid" if repaired else None)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    fit(model, x, y, epochs=12, callbacks=callbacks)


@faulty("wrong_output_activation", "loss_stuck", "underfit")
def softmax_on_one_unit(callbacks, repaired):
    """A softmax over one unit is always 1, and has no slope."""
    x, y = two_classes()
    model = mlp(activation="sigmoid" if repaired else "softmax")
    model.compile(keras.optimizers.Adam(0.003), "mse", metrics=["accuracy"])
    fit(model, x, y, epochs=12, callbacks=callbacks)


@faulty("wrong_output_activation", "zero_loss")
def categorical_loss_over_one_column(callbacks, repaired):
    """Two classes in one softmax unit: categorical cross-entropy is exactly 0 from the start."""
    x, y = two_classes()
    model = mlp(activation="sigmoid" if repaired else "softmax")
    model.compile("adam", "binary_crossentropy" if repaired else "categorical_crossentropy")
    fit(model, x, y, epochs=10, callbacks=callbacks)


@faulty("wrong_output_activation", "loss_stuck", "underfit")
def sigmoid_before_temperatures(callbacks, repaired):
    """A sigmoid ends at 1; the temperatures to learn go from 5 to 30."""
    x, y = regression()
    target = 17.0 + 4.0 * y if not repaired else 1 / (1 + np.exp(-2 * y))
    model = mlp(activation="sigmoid")
    model.compile("adam", "mse")
    fit(model, x, target, epochs=15, callbacks=callbacks)


@faulty("wrong_output_activation", "loss_stuck", "underfit")
def relu_before_returns(callbacks, repaired):
    """A relu cannot say a number below 0; half of the returns are."""
    x, y = regression()
    model = mlp(activation=None if repaired else "relu")
    model.compile(keras.optimizers.Adam(0.003), "mse")
    fit(model, x, y - 0.8, epochs=15, callbacks=callbacks)


@faulty("wrong_output_activation", "nan_loss")
def relu_before_categorical_crossentropy(callbacks, repaired):
    """A row of relu outputs that are all 0 is divided by its sum."""
    x, y = digits()
    model = mlp(64, 10, "softmax" if repaired else "relu")
    model.compile("adam", "categorical_crossentropy")
    fit(model, x, keras.utils.to_categorical(y, 10), epochs=4, callbacks=callbacks)


@faulty("wrong_output_activation", "underfit", "loss_stuck", also=["wrong_loss_for_task"])
def softmax_for_tags_that_come_together(callbacks, repaired):
    """Several tags are true at once; a softmax shares 1 among them."""
    x, _ = regression(768)
    tags = (x[:, :5] > -0.6).astype("float32")
    model = mlp(outputs=5, activation="sigmoid" if repaired else "softmax")
    model.compile(keras.optimizers.Adam(0.003), "mse")
    fit(model, x, tags, epochs=12, callbacks=callbacks)


@faulty("wrong_loss_for_task", "negative_loss")
def crossentropy_for_a_regression(callbacks, repaired):
    """A linear output learns a free target with binary cross-entropy."""
    x, y = regression()
    model = mlp()
    model.compile("adam", "mse" if repaired else "binary_crossentropy")
    fit(model, x, 3 * y + 2, epochs=12, callbacks=callbacks)


@faulty("wrong_loss_for_task", "negative_loss", also=["wrong_label_encoding"])
def binary_loss_for_46_topics(callbacks, repaired):
    """One sigmoid and binary cross-entropy for integer labels 0..45."""
    x, y = classes(768, count=46)
    model = mlp(outputs=46 if repaired else 1, activation="softmax" if repaired else "sigmoid")
    model.compile("adam", "sparse_categorical_crossentropy" if repaired else "binary_crossentropy")
    fit(model, x, y, epochs=12, callbacks=callbacks)


@faulty("wrong_loss_for_task", "underfit", "loss_stuck")
def categorical_loss_for_tags(callbacks, repaired):
    """Sigmoids for tags that come together, under categorical cross-entropy."""
    x, _ = regression(768)
    tags = (x[:, :5] > -0.6).astype("float32")
    model = mlp(outputs=5, activation="sigmoid")
    model.compile("adam", "binary_crossentropy" if repaired else "categorical_crossentropy")
    fit(model, x, tags, epochs=12, callbacks=callbacks)


@faulty("wrong_loss_for_task", "zero_loss", also=["label_shape_mismatch"])
def categorical_loss_for_a_regression(callbacks, repaired):
    """A regression of one unit under categorical cross-entropy."""
    x, y = regression()
    model = mlp()
    model.compile("adam", "mse" if repaired else "categorical_crossentropy")
    fit(model, x, y, epochs=10, callbacks=callbacks)


@faulty("wrong_loss_for_task", "underfit", "loss_stuck", "zero_loss")
def hinge_for_a_regression(callbacks, repaired):
    """The hinge only asks for a sign and a margin; the target is a free number."""
    x, y = regression()
    model = mlp()
    model.compile("adam", "mae" if repaired else "hinge", metrics=["mae"])
    fit(model, x, 4 * y + 10, epochs=20, callbacks=callbacks)


@faulty("wrong_output_activation", "underfit", "loss_stuck", where={"output": "yield"})
def one_end_of_two_that_cannot_go_below_zero(callbacks, repaired):
    """Standardised yields behind a relu, beside an end for three kinds that learns well."""
    x, y = regression()
    kinds = np.argmax(x[:, :3], axis=1)
    inputs = keras.Input((8,))
    body = layers.Dense(48, "relu")(layers.Dense(48, "relu")(inputs))
    ends = {
        "yield": layers.Dense(1, None if repaired else "relu", name="yield")(body),
        "kind": layers.Dense(3, "softmax", name="kind")(body),
    }
    model = keras.Model(inputs, ends)
    losses = {"yield": "mse", "kind": "sparse_categorical_crossentropy"}
    model.compile(keras.optimizers.Adam(0.003), losses)
    fit(model, x, {"yield": y, "kind": kinds}, epochs=20, callbacks=callbacks)
