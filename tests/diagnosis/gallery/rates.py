"""Learning rates, schedules, optimizers and penalties."""

import keras
import numpy as np
from keras import layers, ops, regularizers

from diagnosis.gallery.parts import (
    classes,
    convnet,
    digits,
    fit,
    mlp,
    pictures,
    regression,
    sentences,
    walks,
)
from diagnosis.gallery.register import faulty


@faulty("lr_too_high", "nan_loss")
def rate_of_three_for_a_line(callbacks, repaired):
    """Linear regression by SGD, far beyond the largest rate that converges."""
    x, y = regression()
    model = keras.Sequential([keras.Input((8,)), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.05 if repaired else 3.0), "mse")
    fit(model, x, y, epochs=10, callbacks=callbacks)


@faulty("lr_too_high", "nan_loss")
def rate_of_one_with_momentum(callbacks, repaired):
    """A forecaster with momentum 0.9 and a rate of 1; shuffled."""
    x, y = walks(512)
    model = keras.Sequential(
        [keras.Input((20, 1)), layers.Flatten(), layers.Dense(32, "relu"), layers.Dense(1)]
    )
    model.compile(keras.optimizers.SGD(0.01 if repaired else 1.0, momentum=0.9), "mse")
    fit(model, x, y, epochs=10, shuffle=True, callbacks=callbacks)


@faulty("lr_too_high", "loss_stuck", "oscillating", "underfit", "huge_loss", "exploding_loss")
def adam_with_a_rate_of_one(callbacks, repaired):
    """Adam(1.0) throws a digit classifier about; it never gets better than guessing."""
    x, y = digits()
    model = mlp(64, 10, "softmax", depth=3)
    model.compile(
        keras.optimizers.Adam(0.001 if repaired else 1.0), "sparse_categorical_crossentropy"
    )
    fit(model, x, y, epochs=12, callbacks=callbacks)


@faulty("lr_too_high", "oscillating", "loss_stuck", "underfit", "huge_loss", "exploding_loss")
def adam_that_never_settles(callbacks, repaired):
    """A regression under Adam(0.5): the loss goes up and down and stays a multiple too high."""
    x, y = regression(1024)
    model = mlp(hidden="tanh")
    model.compile(keras.optimizers.Adam(0.003 if repaired else 0.5), "mse")
    fit(model, x, y, epochs=12, callbacks=callbacks)


@faulty("lr_too_low", "loss_stuck", "underfit")
def rate_of_one_in_ten_million(callbacks, repaired):
    """SGD(1e-7): after twenty epochs nothing has moved."""
    x, y = regression()
    model = mlp()
    model.compile(keras.optimizers.SGD(0.05 if repaired else 1e-7), "mse")
    fit(model, x, y, epochs=20, callbacks=callbacks)


@faulty("lr_too_low", "loss_stuck", "underfit")
def adam_with_a_rate_of_a_billionth(callbacks, repaired):
    """Adam(1e-9) on pictures."""
    x, y = pictures()
    model = convnet()
    rate = 0.001 if repaired else 1e-9
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=12, callbacks=callbacks)


@faulty("lr_schedule_blowup", "nan_loss", "exploding_loss")
def decay_that_grows(callbacks, repaired):
    """ExponentialDecay with a rate above 1."""
    x, y = regression()
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 16, 0.8 if repaired else 2.0)
    model = keras.Sequential([keras.Input((8,)), layers.Dense(16, "relu"), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(schedule), "mse")
    fit(model, x, y, epochs=20, callbacks=callbacks)


@faulty("lr_schedule_blowup", "nan_loss", "exploding_loss")
def callback_that_multiplies_the_rate(callbacks, repaired):
    """A LearningRateScheduler multiplies by 10 where it was to divide, from epoch 5 on."""
    x, y = walks(512)
    model = keras.Sequential(
        [keras.Input((20, 1)), layers.Flatten(), layers.Dense(24, "relu"), layers.Dense(1)]
    )
    model.compile(keras.optimizers.SGD(0.02), "mse")
    factor = 0.5 if repaired else 10.0
    steps = keras.callbacks.LearningRateScheduler(lambda e, rate: rate * factor if e > 4 else rate)
    fit(model, x, y, epochs=12, callbacks=[steps, *callbacks])


@faulty("lr_schedule_blowup", "loss_stuck", "underfit", "exploding_loss", "loss_spike", "nan_loss")
def warm_up_without_an_end(callbacks, repaired):
    """The rate grows with the square of the step, from 0 on, and nothing holds it at its peak."""

    class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            done = ops.cast(step, "float32") / 20
            return 0.02 * (ops.minimum(done, 1.0) if repaired else done) ** 2

        def get_config(self):
            return {}

    x, y = digits()
    model = mlp(64, outputs=10, activation="softmax")
    optimizer = keras.optimizers.SGD(WarmUp(), momentum=0.9)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=10, callbacks=callbacks)


@faulty("optimizer_misconfigured", "nan_loss", first_step=0)
def adam_without_epsilon(callbacks, repaired):
    """Adam(epsilon=0) and a column that is always 0: its step is 0 / sqrt(0)."""
    x, y = regression()
    x[:, 3] = 0.0
    model = mlp(hidden="tanh")
    model.compile(keras.optimizers.Adam(0.002, epsilon=1e-7 if repaired else 0.0), "mse")
    fit(model, x, y, epochs=5, callbacks=callbacks)


@faulty("optimizer_misconfigured", "nan_loss", first_step=0)
def adam_with_a_memory_of_one(callbacks, repaired):
    """Adam(beta_1=1): its mean of gradients never starts, and correcting that divides 0 by 0."""
    ids, y = sentences()
    body = [layers.Embedding(50, 8), layers.Flatten(), layers.Dense(1, "sigmoid")]
    model = keras.Sequential([keras.Input((12,), dtype="int32"), *body])
    optimizer = keras.optimizers.Adam(0.01, beta_1=0.9 if repaired else 1.0)
    model.compile(optimizer, "binary_crossentropy")
    fit(model, ids, y, epochs=8, callbacks=callbacks)


@faulty("optimizer_misconfigured", "oscillating", "loss_stuck", "underfit", "huge_loss")
def momentum_of_one(callbacks, repaired):
    """momentum=1: nothing ever brakes, the loss swings for ever."""
    x, y = regression(1024)
    model = keras.Sequential([keras.Input((8,)), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9 if repaired else 1.0), "mse")
    fit(model, x, y, epochs=15, callbacks=callbacks)


@faulty("optimizer_misconfigured", "loss_stuck", "underfit", also=["lr_too_low"])
def clipping_that_leaves_nothing(callbacks, repaired):
    """clipnorm=1e-7 beside a rate that is quite usual."""
    x, y = classes()
    model = mlp(outputs=4, activation="softmax")
    model.compile(
        keras.optimizers.SGD(0.05, clipnorm=1.0 if repaired else 1e-7),
        "sparse_categorical_crossentropy",
    )
    fit(model, x, y, epochs=8, callbacks=callbacks)


@faulty("optimizer_misconfigured", "loss_stuck", "underfit")
def gradients_gathered_for_ever(callbacks, repaired):
    """Gradients of 5000 steps are to be added up, and the run has 200."""
    x, y = digits()
    steps = None if repaired else 5000
    optimizer = keras.optimizers.Adam(0.003, gradient_accumulation_steps=steps)
    model = mlp(64, outputs=10, activation="softmax")
    model.compile(optimizer, "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=8, callbacks=callbacks)


@faulty("regularization_too_strong", "nan_loss")
def penalty_and_rate_that_multiply(callbacks, repaired):
    """|1 - 2 * rate * l2| is 5: weights flip their sign and grow fivefold at every step."""
    x, y = regression()
    penalty = regularizers.L2(1e-4 if repaired else 1.0)
    body = layers.Dense(16, activation="relu", kernel_regularizer=penalty)
    model = keras.Sequential([keras.Input((8,)), body, layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.05 if repaired else 3.0), "mse")
    fit(model, x, y, epochs=8, callbacks=callbacks)


# Keras' own sum over the rows of a batch overflows a step sooner than the loss.
@faulty("regularization_too_strong", "nan_loss", first_step=19)
def penalty_of_hundreds(callbacks, repaired):
    """An ordinary rate, and l2=500 on the convolution."""
    x, y = pictures()
    penalty = regularizers.L2(1e-4 if repaired else 500.0)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(8, 3, activation="relu", kernel_regularizer=penalty),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.01), "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=5, callbacks=callbacks)


@faulty("regularization_too_strong", "underfit", "loss_stuck")
def penalty_that_empties_the_network(callbacks, repaired):
    """L1 of 0.3 under Adam: every weight goes to 0, and the output is the same for all."""
    x, y = digits()
    penalty = regularizers.L1(1e-5 if repaired else 0.3)
    hidden = [layers.Dense(32, activation="relu", kernel_regularizer=penalty) for _ in range(2)]
    model = keras.Sequential([keras.Input((64,)), *hidden, layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    fit(model, x, y, epochs=20, callbacks=callbacks)


@faulty("regularization_too_strong", "underfit", "loss_stuck")
def weight_decay_of_fifty(callbacks, repaired):
    """AdamW with a weight decay of 50 takes away each step what the step before learnt."""
    x, y = classes(count=6)
    model = mlp(outputs=6, activation="softmax")
    optimizer = keras.optimizers.AdamW(0.005, weight_decay=0.004 if repaired else 50.0)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    fit(model, x, np.asarray(y), epochs=15, callbacks=callbacks)


@faulty("lr_too_low", "underfit", "loss_stuck", also=["lr_schedule_blowup"])
def rate_cut_away_on_an_imagined_plateau(callbacks, repaired):
    """min_delta=2 calls every epoch a plateau, and each cuts the rate to a hundredth."""
    x, y = digits()
    cut = keras.callbacks.ReduceLROnPlateau(
        "loss", factor=0.01, patience=0, min_delta=1e-4 if repaired else 2.0
    )
    model = mlp(64, outputs=10, activation="softmax")
    model.compile(keras.optimizers.SGD(0.03), "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=12, callbacks=[cut, *callbacks])
