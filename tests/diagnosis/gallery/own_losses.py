"""Losses written by hand: maximised, or with a log, a quotient, a root or a power that fails."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from diagnosis.gallery.parts import classes, digits, fit, mlp, regression, sentences, two_classes
from diagnosis.gallery.register import faulty


@faulty("loss_sign_error", "negative_loss")
def likelihood_without_its_minus(callbacks, repaired):
    """The log likelihood is minimised instead of maximised."""

    def likelihood(y_true, y_pred):
        p = ops.clip(y_pred, 1e-6, 1 - 1e-6)
        value = y_true * ops.log(p) + (1 - y_true) * ops.log(1 - p)
        return ops.mean(-value if repaired else value, axis=-1)

    x, y = two_classes()
    model = mlp(activation="sigmoid")
    model.compile("adam", likelihood)
    fit(model, x, y, epochs=12, callbacks=callbacks)


@faulty("loss_sign_error", "negative_loss", "nan_loss", "exploding_loss")
def reward_that_is_minimised(callbacks, repaired):
    """A score where high is good, the negative squared error, is handed to compile as a loss."""

    class Score(keras.losses.Loss):
        def call(self, y_true, y_pred):
            error = ops.mean(ops.square(y_true - y_pred), axis=-1)
            return error if repaired else -error

    x, y = regression()
    model = mlp()
    model.compile("adam", Score())
    fit(model, x, y, epochs=15, callbacks=callbacks)


@faulty("loss_sign_error", "negative_loss")
def policy_gradient_without_its_minus(callbacks, repaired):
    """The log probability of an action, weighted with its reward of 0 to 1, made small."""
    x, best = classes(2048)
    rng = np.random.default_rng(1)
    action = rng.integers(0, 4, len(x))
    reward = np.where(action == best, 1.0, 0.1) * rng.uniform(0.6, 1.0, len(x))
    told = np.stack([action, reward], axis=1).astype("float32")

    def surrogate(y_true, logits):
        taken = ops.one_hot(ops.cast(y_true[:, 0], "int32"), 4)
        value = ops.sum(taken * ops.log_softmax(logits), axis=-1) * y_true[:, 1]
        return -value if repaired else value

    model = mlp(outputs=4)
    model.compile(keras.optimizers.Adam(3e-3), surrogate)
    fit(model, x, told, epochs=6, callbacks=callbacks)


@faulty("custom_loss_log_of_nonpositive", "nan_loss")
def crossentropy_by_hand(callbacks, repaired):
    """-y log(p) of relu outputs: p is 0 for many rows from the first batch on."""

    def crossentropy(y_true, y_pred):
        p = y_pred + 1e-3 if repaired else y_pred
        return -ops.mean(y_true * ops.log(p) - p, axis=-1)

    x, y = two_classes()
    model = mlp(activation="relu")
    model.compile("adam", crossentropy)
    fit(model, x, y, epochs=6, callbacks=callbacks)


@faulty("custom_loss_log_of_nonpositive", "nan_loss")
def gaussian_with_a_free_variance(callbacks, repaired):
    """A network says mean and variance; nothing keeps the variance above 0 before its log."""

    def likelihood(y_true, y_pred):
        mean, raw = y_pred[:, :1], y_pred[:, 1:]
        variance = ops.softplus(raw) + 1e-3 if repaired else raw
        return ops.log(variance) + ops.square(y_true - mean) / variance

    x, y = regression()
    model = mlp(outputs=2)
    model.compile(keras.optimizers.Adam(0.002), likelihood, run_eagerly=True)
    fit(model, x, y, epochs=3, callbacks=callbacks)


@faulty("custom_loss_log_of_nonpositive", "nan_loss")
def guarded_log_with_an_unguarded_gradient(callbacks, repaired):
    """where(p > 0, log(p), 0) has a finite value and a NaN gradient where p is 0."""

    def surprise(y_true, y_pred):
        p = ops.maximum(y_pred, 1e-3) if repaired else y_pred
        return ops.mean(p - y_true * tf.where(p > 0, tf.math.log(p), 0.0), axis=-1)

    x, y = classes()
    model = mlp(outputs=4, activation="relu", units=64)
    model.compile(keras.optimizers.SGD(0.01), surprise)
    fit(model, x, keras.utils.to_categorical(y, 4), epochs=6, callbacks=callbacks)


@faulty("custom_loss_division_by_zero", "nan_loss", first_step=5, where={"rows": [30]})
def relative_error_of_nothing(callbacks, repaired):
    """|y - p| / |y|, and one target is 0."""

    def relative(y_true, y_pred):
        size = ops.maximum(ops.abs(y_true), 0.1) if repaired else ops.abs(y_true)
        return ops.mean(ops.abs(y_true - y_pred) / size, axis=-1)

    x, y = regression()
    y = np.sign(y) * np.maximum(np.abs(y), 0.3)
    y[5 * 32 + 30] = 0.0
    model = mlp()
    model.compile("adam", relative)
    fit(model, x, y, epochs=4, callbacks=callbacks)


@faulty("custom_loss_division_by_zero", "nan_loss", first_step=7)
def overlap_over_an_empty_mask(callbacks, repaired):
    """Recall over the positives of a batch; one batch holds none."""

    def missed(y_true, y_pred):
        found = ops.sum(y_true * y_pred)
        wrong = ops.mean((1 - y_true) * y_pred)
        return wrong + 1 - found / (ops.sum(y_true) + (1e-3 if repaired else 0.0))

    x, y = two_classes()
    y[7 * 32 : 8 * 32] = 0
    model = mlp(activation="sigmoid")
    model.compile("adam", missed)
    fit(model, x, y, epochs=4, callbacks=callbacks)


@faulty("custom_loss_sqrt_zero_grad", "nan_loss", first_step=0)
def root_mean_square_of_a_perfect_fit(callbacks, repaired):
    """RMSE whose error is exactly 0: outputs begin at 0, and so do the targets of batch 0."""

    def rmse(y_true, y_pred):
        return ops.sqrt(ops.mean(ops.square(y_true - y_pred)) + (1e-6 if repaired else 0.0))

    x, y = regression()
    y[:32] = 0.0
    model = keras.Sequential(
        [
            keras.Input((8,)),
            layers.Dense(16, activation="relu"),
            layers.Dense(1, kernel_initializer="zeros"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), rmse)
    fit(model, x, y, epochs=6, callbacks=callbacks)


@faulty("custom_loss_sqrt_zero_grad", "nan_loss", first_step=3, where={"rows": [8]})
def distance_between_twins(callbacks, repaired):
    """A contrastive loss with norm(a - b); one pair consists of twice the same."""

    def contrast(y_true, y_pred):
        squared = ops.sum(ops.square(y_pred[:, :4] - y_pred[:, 4:]), axis=-1)
        distance = ops.sqrt(squared + (1e-8 if repaired else 0.0))
        same = y_true[:, 0]
        return same * distance + (1 - same) * ops.relu(1.0 - distance)

    x, _ = regression(512, 6)
    other, _ = regression(512, 6, seed=5)
    other[3 * 32 + 8] = x[3 * 32 + 8]
    left, right = keras.Input((6,)), keras.Input((6,))
    tower = mlp(6, 4, units=16)
    model = keras.Model([left, right], layers.Concatenate()([tower(left), tower(right)]))
    model.compile("adam", contrast)
    same = (np.sum(np.square(x - other), axis=1, keepdims=True) < 10).astype("float32")
    fit(model, [x, other], same, epochs=5, callbacks=callbacks)


@faulty("custom_loss_overflow", "nan_loss")
def power_of_the_squared_error(callbacks, repaired):
    """exp(error**2), the minus of a robust loss forgotten: an error of 10 is more than float32."""

    def robust(y_true, y_pred):
        squared = ops.square(y_true - y_pred)
        return ops.mean(ops.log1p(squared) if repaired else ops.exp(squared), axis=-1)

    x, y = regression()
    model = mlp(hidden="tanh")
    model.compile(keras.optimizers.Adam(0.02), robust)
    fit(model, x, 6 * y, epochs=8, callbacks=callbacks)


@faulty("custom_loss_overflow", "nan_loss")
def softplus_by_hand(callbacks, repaired):
    """log(1 + exp(-m)) for margins of minus some hundreds."""

    def logistic(y_true, y_pred):
        margin = y_pred * (2 * y_true - 1)
        if repaired:
            return ops.mean(ops.softplus(-margin), axis=-1)
        return ops.mean(ops.log(1 + ops.exp(-margin)), axis=-1)

    x, y = two_classes()
    model = keras.Sequential(
        [keras.Input((8,)), layers.Dense(32, activation="relu"), layers.Dense(1), ScaleUp()]
    )
    model.compile("adam", logistic)
    fit(model, x, y, epochs=5, callbacks=callbacks)


class ScaleUp(layers.Layer):
    """Scores times 100, as a temperature of 0.01 makes them."""

    def call(self, inputs):
        return inputs * 100.0


@faulty("empty_mask_mean", "nan_loss", first_step=9)
def batch_in_which_nothing_counts(callbacks, repaired):
    """The loss averages over labelled rows (-1: not labelled); one batch has none."""

    def masked(y_true, y_pred):
        counts = ops.cast(y_true >= 0, "float32")
        error = counts * ops.square(y_true - y_pred)
        total = ops.sum(counts)
        return ops.sum(error) / (ops.maximum(total, 1.0) if repaired else total)

    x, y = two_classes()
    y[np.random.default_rng(0).random(512) < 0.5] = -1
    y[9 * 32 : 10 * 32] = -1
    model = mlp(activation="sigmoid")
    model.compile("adam", masked)
    fit(model, x, y, epochs=5, callbacks=callbacks)


@faulty("empty_mask_mean", "nan_loss", first_step=4, where={"rows": [13], "layer": "pool"})
def pooling_over_an_empty_sentence(callbacks, repaired):
    """A layer averages the words of a sentence that are not padding; one sentence has none."""

    class MeanOfWords(layers.Layer):
        def call(self, vectors, ids):
            there = ops.cast(ops.expand_dims(ids != 0, -1), vectors.dtype)
            count = ops.sum(there, axis=1)
            count = ops.maximum(count, 1.0) if repaired else count
            return ops.sum(vectors * there, axis=1) / count

    ids, y = sentences()
    ids[4 * 32 + 13] = 0
    inputs = keras.Input((12,), dtype="int32")
    pooled = MeanOfWords(name="pool")(layers.Embedding(50, 8)(inputs), inputs)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(pooled))
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    fit(model, ids, y, epochs=6, callbacks=callbacks)


@faulty("custom_loss_overflow", "nan_loss", also=["unscaled_targets"])
def fourth_power_of_the_error(callbacks, repaired):
    """The loss raises errors of about 2e10 to the fourth power, which float32 cannot hold."""

    def quartic(y_true, y_pred):
        return ops.mean(ops.power(y_true - y_pred, 2.0 if repaired else 4.0), axis=-1)

    x, y = digits()
    y = y[:, None].astype("float32") / 4.5 - 1
    model = mlp(64)
    model.compile("adam", quartic)
    fit(model, x, y if repaired else 2e10 * y, epochs=4, callbacks=callbacks)


@faulty("loss_sign_error", "underfit", "zero_loss", "loss_stuck")
def overlap_that_is_made_small(callbacks, repaired):
    """The share that two masks have in common is returned as it is, not taken from 1."""

    def overlap(y_true, y_pred):
        both = ops.sum(y_true * y_pred, axis=-1)
        either = ops.sum(y_true + y_pred, axis=-1) - both
        share = (both + 1.0) / (either + 1.0)
        return 1.0 - share if repaired else share

    x, _ = regression(768)
    masks = (x > 0.2).astype("float32")
    model = mlp(outputs=8, activation="sigmoid")
    model.compile(keras.optimizers.Adam(0.005), overlap)
    fit(model, x, masks, epochs=10, callbacks=callbacks)
