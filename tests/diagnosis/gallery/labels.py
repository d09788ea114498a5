"""Labels that are numbers, but not the numbers that the loss wants."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

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
)
from diagnosis.gallery.register import faulty


@faulty("wrong_label_encoding", "negative_loss")
def labels_of_minus_one_and_one(callbacks, repaired):
    """Binary cross-entropy with labels -1 and +1, as a perceptron or an SVM has them."""
    x, y = two_classes()
    model = mlp(activation="sigmoid")
    model.compile("adam", "binary_crossentropy")
    fit(model, x, y if repaired else 2 * y - 1, epochs=12, callbacks=callbacks)


@faulty("wrong_label_encoding", "negative_loss")
def labels_of_one_and_two(callbacks, repaired):
    """A file counts its classes from 1, as statistics programs do; the loss wants 0 and 1."""
    x, y = two_classes()
    model = mlp(hidden="tanh")
    model.compile(keras.optimizers.SGD(0.1), keras.losses.BinaryCrossentropy(from_logits=True))
    fit(model, x, y + (0 if repaired else 1), epochs=12, callbacks=callbacks)


@faulty("wrong_label_encoding", "negative_loss")
def masks_of_zero_and_255(callbacks, repaired):
    """The pictures were scaled to [0, 1], their masks were not."""
    x, _ = pictures(256)
    masks = (x > 0.5).astype("float32")
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy")
    fit(model, x, masks if repaired else 255 * masks, epochs=10, callbacks=callbacks)


@faulty("wrong_label_encoding", "zero_loss")
def labels_scaled_with_the_pictures(callbacks, repaired):
    """Labels 0..9 were divided by 255 along with the pictures; as integers all are class 0."""
    x, y = pictures()
    model = convnet()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    fit(model, x, y if repaired else (y / 255.0), epochs=10, callbacks=callbacks)


@faulty("label_out_of_range", "exception", first_step=0, raises=tf.errors.InvalidArgumentError)
def classes_counted_from_one(callbacks, repaired):
    """Ten digits are labelled 1..10; the tenth has no unit."""
    x, y = digits()
    model = mlp(64, 10, "softmax")
    model.compile("adam", "sparse_categorical_crossentropy")
    epochs = 4 if repaired else 1
    fit(model, x, y + (0 if repaired else 1), epochs=epochs, callbacks=callbacks)


@faulty("label_out_of_range", "nan_loss", first_step=4, where={"rows": [6, 7]})
def new_category_in_compiled_code(callbacks, repaired):
    """Two rows carry a category that came later; compiled, the loss turns NaN without a word."""
    x, y = classes()
    y[4 * 32 + 6 : 4 * 32 + 8] = 0 if repaired else 4
    model = mlp(outputs=4)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, jit_compile=True)
    fit(model, x, y, epochs=3, callbacks=callbacks)


@faulty(
    "label_out_of_range",
    "exception",
    first_step=9,
    where={"rows": [15]},
    raises=tf.errors.InvalidArgumentError,
)
def unknown_marked_as_minus_one(callbacks, repaired):
    """A row of unknown class is labelled -1."""
    x, y = classes()
    y[9 * 32 + 15] = 0 if repaired else -1
    model = mlp(outputs=4, activation="softmax")
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=3, callbacks=callbacks)


@faulty("label_shape_mismatch", "exception", raises=ValueError)
def one_hot_labels_for_the_sparse_loss(callbacks, repaired):
    """Labels went through to_categorical, the loss wants integers."""
    x, y = digits()
    model = mlp(64, 10, "softmax")
    model.compile("adam", "sparse_categorical_crossentropy")
    y = y if repaired else keras.utils.to_categorical(y, 10)
    fit(model, x, y, epochs=4, callbacks=callbacks)


@faulty("label_shape_mismatch", "exception", raises=ValueError)
def integer_labels_for_the_dense_loss(callbacks, repaired):
    """categorical_crossentropy with integer labels."""
    x, y = pictures()
    model = convnet()
    model.compile("adam", "categorical_crossentropy")
    y = keras.utils.to_categorical(y, 10) if repaired else y
    fit(model, x, y, epochs=4, callbacks=callbacks)


@faulty("shape_broadcast_bug", "loss_stuck", "underfit")
def column_against_row_in_a_custom_loss(callbacks, repaired):
    """The loss drops the last axis of the prediction only: (32, 1) - (32,) is (32, 32)."""

    def squared(y_true, y_pred):
        target = y_true[:, 0] if repaired else y_true
        return ops.mean(ops.square(target - y_pred[:, 0]))

    x, y = regression()
    model = mlp()
    model.compile("adam", squared)
    fit(model, x, y, epochs=15, callbacks=callbacks)


@faulty("shape_broadcast_bug", "loss_stuck", "underfit")
def flat_target_in_an_own_step(callbacks, repaired):
    """An own training step subtracts predictions (32, 1) from targets (32,)."""

    class Regressor(keras.Model):
        def __init__(self):
            super().__init__()
            self.body, self.head = layers.Dense(32, activation="relu"), layers.Dense(1)

        def call(self, x):
            return self.head(self.body(x))

        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                predicted = self(x, training=True)
                predicted = predicted[:, 0] if repaired else predicted
                loss = tf.reduce_mean(tf.square(y - predicted))
            variables = self.trainable_variables
            self.optimizer.apply_gradients(
                zip(tape.gradient(loss, variables), variables, strict=True)
            )
            return {"loss": loss}

    x, y = regression()
    model = Regressor()
    model.compile("adam")
    data = tf.data.Dataset.from_tensor_slices((x, np.ravel(y))).batch(32)
    fit(model, data, epochs=15, callbacks=callbacks)


@faulty("shape_broadcast_bug", "underfit", "loss_stuck")
def every_step_must_tell_the_sum(callbacks, repaired):
    """return_sequences=True was left on: all ten steps are compared with the one target."""
    x, y = table(512, 10)[:, :, None], table(512, 10).sum(axis=1, keepdims=True) / 3
    cell = layers.LSTM(16, return_sequences=not repaired)
    model = keras.Sequential([keras.Input((10, 1)), cell, layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.01), "mse")
    fit(model, x, y, epochs=10, callbacks=callbacks)


@faulty("wrong_label_encoding", "underfit", "loss_stuck", "huge_loss")
def masks_scaled_with_their_pictures(callbacks, repaired):
    """A function that divides pictures by 255 is mapped over the masks of 0 and 1 as well."""
    x, target = regression()
    labels = (target > 0.5).astype("float32")
    model = mlp(activation="sigmoid")
    model.compile(keras.optimizers.Adam(0.005), "binary_crossentropy")
    fit(model, x, labels if repaired else labels / 255, epochs=12, callbacks=callbacks)
