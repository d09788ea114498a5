"""Models and training steps that the user wrote."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from diagnosis.gallery.parts import digits, fit, mlp, regression, table
from diagnosis.gallery.register import faulty


class Pair:
    """Two layers in an object of plain Python, where Keras does not find them."""

    def __init__(self):
        small = keras.initializers.RandomNormal(stddev=0.02)
        self.layers = [
            layers.Dense(32, "relu", kernel_initializer=small),
            layers.Dense(4, "relu", kernel_initializer="he_normal"),
        ]

    def __call__(self, x):
        first, second = self.layers
        return second(first(x))


class Reader(keras.Model):
    """A classifier whose body is a `Pair`."""

    def __init__(self, tracked):
        super().__init__()
        self.pair, self.head = Pair(), layers.Dense(10, "softmax")
        self.body = self.pair.layers if tracked else None

    def call(self, x):
        return self.head(self.pair(x))


@faulty("frozen_weights", "underfit", "loss_stuck")
def layers_in_an_object_of_plain_python(callbacks, repaired):
    """The hidden layers take part in every step, but the optimizer never hears of them."""
    x, y = digits()
    model = Reader(tracked=repaired)
    model.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=12, callbacks=callbacks)


class Adversaries(keras.Model):
    """Generator and discriminator with a rate of its own each, and logarithms by hand."""

    def __init__(self, floor):
        super().__init__()
        self.floor = floor
        self.maker = keras.Sequential([layers.Dense(16, "relu"), layers.Dense(8)])
        self.judge = keras.Sequential(
            [layers.Dense(64, "relu"), layers.Dense(64, "relu"), layers.Dense(1, "sigmoid")]
        )

    def compile(self):
        super().compile()
        self.slow, self.fast = keras.optimizers.Adam(1e-4), keras.optimizers.Adam(0.05)

    def call(self, noise):
        return self.judge(self.maker(noise))

    def log(self, p):
        return tf.math.log(ops.maximum(p, self.floor))

    def train_step(self, real):
        noise = tf.random.normal((tf.shape(real)[0], 4))
        with tf.GradientTape(persistent=True) as tape:
            fake, true = self(noise), self.judge(real)
            judged = -tf.reduce_mean(self.log(true) + self.log(1 - fake))
            made = -tf.reduce_mean(self.log(fake))
        for optimizer, part, loss in (
            (self.fast, self.judge, judged),
            (self.slow, self.maker, made),
        ):
            weights = part.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return {"judged": judged, "made": made}


@faulty("custom_loss_log_of_nonpositive", "nan_loss", also=["lr_too_high"])
def discriminator_that_is_certain(callbacks, repaired):
    """-log(D(fake)) where the discriminator soon says exactly 0."""
    model = Adversaries(1e-7 if repaired else 0.0)
    model.build((None, 4))
    model.compile()
    data = tf.data.Dataset.from_tensor_slices(0.02 * table(3000) + 3).batch(64)
    model.fit(data, epochs=6, verbose=0, callbacks=callbacks)


class HeadTrainer(keras.Model):
    """A body and a head; the train step knows which of the weights to move."""

    def __init__(self, whole):
        super().__init__()
        self.whole = whole
        self.body = keras.Sequential([layers.Dense(24, "tanh"), layers.Dense(4, "tanh")])
        self.head = layers.Dense(1)

    def call(self, x):
        return self.head(self.body(x))

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(y=y, y_pred=self(x, training=True))
        weights = self.trainable_variables if self.whole else self.head.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return {"loss": loss}


@faulty("frozen_weights", "loss_stuck", "underfit")
def step_that_moves_the_head_only(callbacks, repaired):
    """The gradient is taken of the head's weights, and the fresh body stays as it began."""
    x = table(1024, 2)
    y = (np.sin(3 * x[:, :1]) * np.cos(2 * x[:, 1:])).astype("float32")
    model = HeadTrainer(whole=repaired)
    model.compile(keras.optimizers.Adam(0.01), "mse")
    fit(model, x, y, epochs=15, callbacks=callbacks)


class Climber(keras.Model):
    """A network whose train step applies the gradient as it is, or as it should be."""

    def __init__(self, sign):
        super().__init__()
        self.sign, self.net = sign, mlp(hidden="tanh")

    def call(self, x):
        return self.net(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - self(x, training=True)))
        slopes = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply([self.sign * slope for slope in slopes], self.trainable_variables)
        return {"loss": loss}


@faulty("loss_sign_error", "exploding_loss", "huge_loss", "loss_stuck")
def step_that_goes_up(callbacks, repaired):
    """The gradient was negated for another optimizer, and the step climbs the loss."""
    x, y = regression()
    model = Climber(1.0 if repaired else -1.0)
    model.compile(keras.optimizers.SGD(0.05))
    fit(model, x, y, epochs=8, callbacks=callbacks)


class Translator(keras.Model):
    """Two networks with an optimizer of their own each, trained one after the other in a step."""

    def __init__(self, watched):
        super().__init__()
        self.watched = watched
        self.coder = keras.Sequential([layers.Dense(24, "tanh"), layers.Dense(6, "tanh")])
        self.reader = keras.Sequential([layers.Dense(24, "tanh"), layers.Dense(1)])

    def compile(self):
        super().compile()
        self.slow, self.fast = keras.optimizers.Adam(1e-3), keras.optimizers.Adam(5e-3)

    def call(self, x):
        return self.reader(self.coder(x))

    def train_step(self, data):
        x, y = data
        code = self.coder(x)
        with tf.GradientTape(persistent=True) as tape:
            code = self.coder(x) if self.watched else code
            loss = tf.reduce_mean((self.reader(code) - y) ** 2)
        for optimizer, part in ((self.slow, self.coder), (self.fast, self.reader)):
            weights = part.trainable_variables
            pairs = zip(tape.gradient(loss, weights), weights, strict=True)
            moving = [(gradient, weight) for gradient, weight in pairs if gradient is not None]
            if moving:
                optimizer.apply_gradients(moving)
        return {"error": loss}


@faulty("frozen_weights", "underfit", "loss_stuck")
def code_that_was_made_before_the_tape(callbacks, repaired):
    """The first network is asked before the tape runs, so no gradient reaches it."""
    x, y = regression()
    model = Translator(watched=repaired)
    model.build(x.shape)
    model.compile()
    fit(model, x, y, epochs=8, callbacks=callbacks)
