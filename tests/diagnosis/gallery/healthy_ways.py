"""Healthy trainings in every way that people train: GANs, transfer, half precision, short fits."""

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
    sentences,
    two_classes,
    walks,
)
from diagnosis.gallery.register import healthy


class Adversaries(keras.Model):
    """Two networks against each other, on points round a circle; logs d_loss and g_loss."""

    def __init__(self, critic_only_scores):
        super().__init__()
        self.maker = mlp(4, 2)
        self.judge = mlp(2, 1, hidden="tanh")
        self.wasserstein = critic_only_scores

    def call(self, noise):
        return self.maker(noise)

    def compile(self, rate):
        super().compile()
        self.makers, self.judges = (
            keras.optimizers.Adam(rate, 0.5),
            keras.optimizers.Adam(rate, 0.5),
        )

    def losses_of(self, real, made):
        if self.wasserstein:
            return tf.reduce_mean(made) - tf.reduce_mean(real), -tf.reduce_mean(made)
        says = tf.nn.sigmoid_cross_entropy_with_logits
        judged = says(tf.ones_like(real), real) + says(tf.zeros_like(made), made)
        return tf.reduce_mean(judged), tf.reduce_mean(says(tf.ones_like(made), made))

    def train_step(self, real):
        noise = tf.random.normal((tf.shape(real)[0], 4), seed=5)
        with tf.GradientTape(persistent=True) as tape:
            judged_made = self.judge(self.maker(noise, training=True), training=True)
            d_loss, g_loss = self.losses_of(self.judge(real, training=True), judged_made)
        for loss, net, optimizer in (
            (d_loss, self.judge, self.judges),
            (g_loss, self.maker, self.makers),
        ):
            variables = net.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        if self.wasserstein:
            for variable in self.judge.trainable_variables:
                variable.assign(tf.clip_by_value(variable, -0.1, 0.1))
        return {"d_loss": d_loss, "g_loss": g_loss}


def circle_points():
    """Points round a circle, as a stream."""
    angles = np.random.default_rng(0).uniform(0, 2 * np.pi, 1024)
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype("float32")
    return tf.data.Dataset.from_tensor_slices(points).batch(64)


@healthy
def generator_against_discriminator(callbacks):
    """A GAN: neither loss falls, and that is how it should be."""
    model = Adversaries(critic_only_scores=False)
    model.compile(0.002)
    fit(model, circle_points(), epochs=15, callbacks=callbacks)


@healthy
def critic_below_zero(callbacks):
    """A Wasserstein GAN: the critic's loss is negative, the generator's wanders."""
    model = Adversaries(critic_only_scores=True)
    model.compile(0.001)
    fit(model, circle_points(), epochs=15, callbacks=callbacks)


@healthy
def loss_scale_that_backs_off(callbacks):
    """mixed_float16 begins with too large a loss scale; the first steps are skipped by design."""
    keras.config.set_dtype_policy("mixed_float16")
    x, y = digits()
    inputs = keras.Input((64,))
    hidden = layers.Dense(48, "relu")(layers.Dense(48, "relu")(inputs))
    model = keras.Model(inputs, layers.Dense(10, "softmax", dtype="float32")(hidden))
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.Adam(0.002), initial_scale=2.0**22
    )
    model.compile(optimizer, "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=10, callbacks=callbacks)


@healthy
def metric_that_is_nan_by_design(callbacks):
    """A precision of no positive calls is 0/0: the metric is NaN for a while, the loss is fine."""

    def share_right(y_true, y_pred):
        called = ops.cast(y_pred > 0.9, "float32")
        return ops.sum(called * y_true) / ops.sum(called)

    x, y = two_classes()
    model = mlp(activation="sigmoid")
    model.compile("adam", "binary_crossentropy", metrics=[share_right])
    fit(model, x, y, epochs=10, callbacks=callbacks)


@healthy
def eight_steps_an_execution(callbacks):
    """steps_per_execution=8."""
    x, y = classes(1024)
    model = mlp(outputs=4, activation="softmax")
    model.compile("adam", "sparse_categorical_crossentropy", steps_per_execution=8)
    fit(model, x, y, epochs=10, callbacks=callbacks)


@healthy
def frozen_base_with_a_new_head(callbacks):
    """Transfer learning: the trained base is frozen on purpose, the head learns."""
    x, y = pictures()
    base = convnet()
    base.compile("adam", "sparse_categorical_crossentropy")
    fit(base, x, y, epochs=25)
    base.trainable = False
    features = keras.Model(base.inputs, base.layers[-2].output)
    features.trainable = False
    model = keras.Sequential([keras.Input((8, 8, 1)), features, layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy")
    fit(model, x, (y % 2).astype("float32")[:, None], epochs=12, callbacks=callbacks)


@healthy
def fine_tuning_at_a_low_rate(callbacks):
    """After transfer everything is thawed at 1e-5: the loss falls a little, as intended."""
    x, y = pictures()
    model = convnet()
    model.compile("adam", "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=30)
    model.compile(keras.optimizers.Adam(1e-5), "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=6, callbacks=callbacks)


@healthy
def masked_sequences(callbacks):
    """Padded sequences with a Masking layer."""
    rng = np.random.default_rng(0)
    x, _ = walks(512, steps=16)
    length = rng.integers(6, 17, 512)
    x[np.arange(16)[None] >= length[:, None]] = 0.0
    y = (x.sum(axis=1) / length[:, None]).astype("float32")
    body = [layers.Masking(), layers.GRU(12), layers.Dense(1)]
    model = keras.Sequential([keras.Input((16, 1)), *body])
    model.compile(keras.optimizers.Adam(0.005), "mse")
    fit(model, x, y, epochs=10, callbacks=callbacks)


@healthy
def rate_cut_on_a_plateau(callbacks):
    """ReduceLROnPlateau makes the rate tiny at the end, when there is nothing left to learn."""
    x, y = regression(512)
    model = mlp(units=16, depth=1)
    model.compile(keras.optimizers.Adam(0.02), "mse")
    cut = keras.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.2, patience=2, min_delta=1e-3)
    fit(model, x, y, epochs=25, callbacks=[cut, *callbacks])


@healthy
def stopped_early(callbacks):
    """EarlyStopping ends the fit soon after the held-out loss stops falling."""
    x, y = two_classes(640)
    model = mlp(activation="sigmoid", units=64)
    model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy")
    stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    fit(model, x, y, epochs=40, validation_split=0.25, callbacks=[stop, *callbacks])


@healthy
def one_epoch(callbacks):
    """A single epoch of a small network: nobody can say yet whether it learns."""
    x, y = regression()
    model = mlp(hidden="tanh")
    model.compile("adam", "mse")
    fit(model, x, y, epochs=1, callbacks=callbacks)


@healthy
def three_batches(callbacks):
    """A smoke test of three batches."""
    x, y = pictures(96)
    model = convnet()
    model.compile("adam", "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=1, callbacks=callbacks)


@healthy
def recurrent_text_classifier(callbacks):
    """Embedding and LSTM on word ids."""
    ids, y = sentences(512)
    body = [layers.Embedding(50, 16, mask_zero=True), layers.LSTM(16), layers.Dense(1, "sigmoid")]
    model = keras.Sequential([keras.Input((12,), dtype="int32"), *body])
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    fit(model, ids, y, epochs=8, callbacks=callbacks)


@healthy
def autoencoder_of_digits(callbacks):
    """A narrow autoencoder; its binary cross-entropy has a floor far above 0."""
    x, _ = digits()
    model = keras.Sequential(
        [keras.Input((64,)), layers.Dense(16, "relu"), layers.Dense(64, "sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.005), "binary_crossentropy")
    fit(model, x, x, epochs=12, callbacks=callbacks)


@healthy
def transformer_block(callbacks):
    """One block of self-attention with layer normalisation, warmed up by AdamW."""
    ids, y = sentences(512)
    inputs = keras.Input((12,), dtype="int32")
    vectors = layers.Embedding(50, 16)(inputs)
    attended = layers.MultiHeadAttention(2, 8)(vectors, vectors)
    vectors = layers.LayerNormalization()(layers.Add()([vectors, attended]))
    widened = layers.Dense(16)(layers.Dense(32, "gelu")(vectors))
    vectors = layers.LayerNormalization()(layers.Add()([vectors, widened]))
    outputs = layers.Dense(1, "sigmoid")(layers.GlobalAveragePooling1D()(vectors))
    model = keras.Model(inputs, outputs)
    rates = keras.optimizers.schedules.PolynomialDecay(0.005, 200, 1e-5)
    model.compile(keras.optimizers.AdamW(rates), "binary_crossentropy")
    fit(model, ids, y, epochs=8, callbacks=callbacks)


@healthy
def tags_that_come_together(callbacks):
    """Several sigmoids, several labels, eagerly."""
    x, _ = regression(384)
    model = mlp(outputs=5, activation="sigmoid")
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", run_eagerly=True)
    fit(model, x, (x[:, :5] > -0.6).astype("float32"), epochs=6, callbacks=callbacks)


@healthy
def logits_as_they_should_be(callbacks):
    """Linear scores, from_logits=True, compiled by XLA."""
    x, y = digits()
    model = mlp(64, 10, units=48)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.003), loss, jit_compile=True)
    fit(model, x, y, epochs=8, callbacks=callbacks)


@healthy
def side_output_that_is_switched_off(callbacks):
    """An output weighs 0, and nobody measures it."""
    x, y = digits()
    entry = keras.Input((64,))
    hidden = layers.Dense(32, activation="relu")(entry)
    heads = [layers.Dense(10, activation="softmax", name="digit"), layers.Dense(1, name="ink")]
    model = keras.Model(entry, [head(hidden) for head in heads])
    losses = ["sparse_categorical_crossentropy", "mse"]
    model.compile("adam", losses, loss_weights=[1.0, 0.0], metrics=[["accuracy"], []])
    fit(model, x, [y, x.sum(axis=1)], epochs=8, callbacks=callbacks)
