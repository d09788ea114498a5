"""Small networks for a table of four columns, one of each kind that Keras knows."""

import keras
import tensorflow as tf
from keras import layers

from fits import mlp, noisy_mlp


def compiled(model, optimizer="sgd", loss="mse", **more):
    model.compile(optimizer=optimizer, loss=loss, **more)
    return model


def chain(*parts, width=4, **more):
    """A Sequential of some layers with an output for the table's target."""
    return compiled(keras.Sequential([keras.Input((width,)), *parts, layers.Dense(1)]), **more)


class CallOnly(keras.Model):
    """Built by its first step and no sooner."""

    def __init__(self):
        super().__init__()
        self.hidden, self.out = layers.Dense(8, "relu"), layers.Dense(1)
        self.dropout = layers.Dropout(0.2)

    def call(self, x, training=False):
        return self.out(self.dropout(self.hidden(x), training=training))


class Counting(layers.Layer):
    """A layer with weights, a tracker and a state of its own, which adds a loss."""

    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones", name="scale")
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")
        self.spread = keras.metrics.Mean(name="spread")

    def call(self, x):
        self.calls.assign_add(1.0)
        self.spread.update_state(keras.ops.std(x))
        self.add_loss(1e-2 * keras.ops.mean(x**2))
        return x * self.scale


class Sampling(layers.Layer):
    """The reparameterisation trick, with the Kullback-Leibler term as an added loss."""

    def __init__(self):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(3)

    def call(self, moments):
        mean, log_variance = moments
        spread = keras.ops.exp(log_variance)
        self.add_loss(-0.5 * keras.ops.mean(1 + log_variance - mean**2 - spread))
        noise = keras.random.normal(keras.ops.shape(mean), seed=self.seeds)
        return mean + keras.ops.sqrt(spread) * noise


def functional():
    inputs = keras.Input((4,))
    left, right = layers.Dense(4, "tanh")(inputs), layers.Dense(4)(inputs)
    return compiled(keras.Model(inputs, layers.Dense(1)(layers.add([left, right]))))


def variational():
    inputs = keras.Input((4,))
    latent = Sampling()([layers.Dense(2)(inputs), layers.Dense(2)(inputs)])
    return compiled(keras.Model(inputs, layers.Dense(1)(latent)), "adam")


def sharing():
    shared = layers.Dense(4, "relu")
    inputs = keras.Input((4,))
    return compiled(keras.Model(inputs, layers.Dense(1)(shared(shared(inputs)))))


def nested():
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.BatchNormalization()])
    inputs = keras.Input((4,))
    outer = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    return compiled(keras.Model(inputs, layers.Dense(1)(outer(inner(inputs)))))


def frozen():
    model = chain(layers.Dense(4), layers.BatchNormalization(), layers.Dense(4))
    model.layers[0].trainable = model.layers[1].trainable = False
    return compiled(model, "adam")


def normalised():
    adapted = layers.Normalization()
    adapted.adapt(tf.random.stateless_normal((32, 4), (1, 2)))
    return chain(adapted, layers.Dense(4))


def penalised():
    penalties = {"kernel_regularizer": "l2", "activity_regularizer": "l1"}
    return chain(layers.Dense(4, **penalties), layers.Dense(4, bias_regularizer="l1"))


def constrained():
    return chain(layers.Dense(4, kernel_constraint="max_norm"), layers.Dense(4))


def own_loss(y, predicted):
    return keras.losses.huber(y, predicted) + keras.losses.mean_absolute_error(y, predicted)


NETWORKS = {
    "sequential": mlp,
    "functional": functional,
    "subclassed": lambda: compiled(CallOnly()),
    "dropout and batch norm": noisy_mlp,
    "layer norm": lambda: chain(layers.Dense(8), layers.LayerNormalization()),
    "spectral norm": lambda: chain(layers.SpectralNormalization(layers.Dense(4))),
    "own layer with a tracker": lambda: chain(Counting()),
    "own layer in a metric's company": lambda: chain(Counting(), metrics=["mae", "r2_score"]),
    "lambda": lambda: chain(layers.Lambda(lambda x: x * 2)),
    "normalization": normalised,
    "noise": lambda: chain(layers.GaussianNoise(0.1), layers.GaussianDropout(0.1)),
    "regularizers": penalised,
    "constraint": constrained,
    "variational": variational,
    "shared layer": sharing,
    "nested": nested,
    "frozen": frozen,
    "own loss function": lambda: chain(loss=own_loss),
}
