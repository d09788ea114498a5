"""Built-in losses that are given values outside their domain."""

import keras
import numpy as np
from keras import layers

from diagnosis.gallery.parts import digits, fit, mlp, regression, two_classes, walks
from diagnosis.gallery.register import faulty


@faulty("loss_domain_violation", "nan_loss")
def counts_from_a_linear_output(callbacks, repaired):
    """Poisson takes the log of a prediction that a linear output lets fall below 0."""
    x, y = regression()
    counts = np.random.default_rng(0).poisson(np.exp(y)).astype("float32")
    model = mlp(activation="exponential" if repaired else None)
    model.compile(keras.optimizers.Adam(0.003), "poisson")
    fit(model, x, counts, epochs=6, callbacks=callbacks)


@faulty("loss_domain_violation", "zero_loss", "loss_stuck", "underfit")
def negative_values_under_the_squared_log(callbacks, repaired):
    """MSLE cuts off everything below 0: the gradient of those rows is exactly 0."""
    x, y = walks(512)
    model = keras.Sequential([keras.Input((20, 1)), layers.GRU(12), layers.Dense(1)])
    model.compile("adam", "mse" if repaired else "msle")
    fit(model, x, y - 3.0, epochs=12, callbacks=callbacks)


@faulty("loss_domain_violation", "huge_loss")
def percentages_of_zero(callbacks, repaired):
    """MAPE divides by the target, and a third of the targets are 0."""
    x, y = regression()
    demand = np.where(y > 0.4, 20 * y, 0.0)
    model = mlp()
    model.compile("adam", "mae" if repaired else "mape")
    fit(model, x, demand, epochs=10, callbacks=callbacks)


@faulty("loss_domain_violation", "nan_loss")
def focal_loss_with_a_root(callbacks, repaired):
    """gamma < 1 in the focal loss: a sample that is exactly right has an infinite slope."""
    x, y = two_classes()
    model = mlp(activation="sigmoid")
    loss = keras.losses.BinaryFocalCrossentropy(gamma=2.0 if repaired else 0.5)
    model.compile(keras.optimizers.Adam(0.02), loss)
    fit(model, x * 8, y, epochs=40, callbacks=callbacks)


@faulty("loss_domain_violation", "loss_stuck", "huge_loss", "underfit", also=["logits_mismatch"])
def divergence_from_raw_scores(callbacks, repaired):
    """The Kullback-Leibler divergence is fed linear scores instead of a distribution."""
    x, y = digits()
    soft = 0.9 * keras.utils.to_categorical(y, 10) + 0.01
    model = mlp(64, 10, "softmax" if repaired else None, hidden="tanh")
    model.compile(keras.optimizers.SGD(0.1), "kld")
    fit(model, x, soft, epochs=12, callbacks=callbacks)


@faulty("loss_domain_violation", "nan_loss", first_step=6, where={"rows": [10]})
def direction_of_nothing(callbacks, repaired):
    """Compiled cosine similarity: the embedding of an empty text is the zero vector."""
    x, _ = regression()
    x[6 * 32 + 10] = 0.05 if repaired else 0.0
    target = x @ np.random.default_rng(3).normal(size=(8, 6)).astype("float32")
    body = layers.Dense(24, activation="tanh", use_bias=False)
    model = keras.Sequential([keras.Input((8,)), body, layers.Dense(6, use_bias=False)])
    model.compile("sgd", keras.losses.CosineSimilarity(), jit_compile=True)
    fit(model, x, target, epochs=4, callbacks=callbacks)


@faulty("loss_domain_violation", "underfit", "loss_stuck")
def returns_that_are_losses_half_the_time(callbacks, repaired):
    """Standardised returns under MSLE: the loss falls nicely and never sees those below 0."""
    x, y = regression()
    model = mlp()
    model.compile("adam", "mse" if repaired else "msle")
    fit(model, x, y, epochs=12, callbacks=callbacks)
