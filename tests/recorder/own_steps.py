"""Models with a train step of their own, as Keras' guides write them."""

import keras
import tensorflow as tf
from keras import layers
from keras.optimizers import SGD, Adam


class OwnMean(keras.Model):
    """A custom step with its own loss and its own running mean of it."""

    def __init__(self):
        super().__init__()
        self.out = layers.Dense(1)
        self.tracker = keras.metrics.Mean(name="loss")
        self.error = keras.metrics.MeanAbsoluteError(name="mae")

    def call(self, x):
        return self.out(x)

    @property
    def metrics(self):
        return [self.tracker, self.error]

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            predicted = self(x, training=True)
            loss = keras.ops.mean((y - predicted) ** 2)
        held = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, held), held)
        self.tracker.update_state(loss, sample_weight=tf.shape(x)[0])
        self.error.update_state(y, predicted)
        return {metric.name: metric.result() for metric in self.metrics}


class PlainValues(OwnMean):
    """A custom step that reports plain values and uses `compute_loss`."""

    metrics = ()

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x=x, y=y, y_pred=self(x, training=True))
        held = self.trainable_variables
        gradients = tape.gradient(loss, held)
        self.optimizer.apply_gradients(zip(gradients, held, strict=True))
        return {"loss": loss, "squares": tf.linalg.global_norm(gradients)}


class Scaling(OwnMean):
    """A custom step by the guide for mixed precision: the loss is scaled for the gradient."""

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = keras.ops.mean((y - self(x, training=True)) ** 2)
            scaled = self.optimizer.scale_loss(loss)
        held = self.trainable_variables
        self.optimizer.apply(tape.gradient(scaled, held), held)
        return {"loss": loss}


class TwoSteps(OwnMean):
    """Two updates in one step, of which the first one's loss is told."""

    def train_step(self, data):
        x, y = data
        losses = []
        for half in (x[::2], y[::2]), (x[1::2], y[1::2]):
            with tf.GradientTape() as tape:
                losses.append(keras.ops.mean(keras.ops.abs(half[1] - self(half[0]))))
            held = self.trainable_variables
            self.optimizer.apply(tape.gradient(losses[-1], held), held)
        return {"first": losses[0], "second": losses[1]}


class ByHand(OwnMean):
    """A step without an optimizer: the variables are assigned."""

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = keras.ops.mean((y - self(x)) ** 2)
        held = self.trainable_variables
        for variable, gradient in zip(held, tape.gradient(loss, held), strict=True):
            variable.assign_sub(0.05 * gradient)
        return {"nll": loss}


class VariationalAutoencoder(keras.Model):
    """Keras' example: a total, a reconstruction and a Kullback-Leibler loss."""

    def __init__(self):
        super().__init__()
        self.encoder = keras.Sequential([keras.Input((4,)), layers.Dense(4)])
        self.decoder = keras.Sequential([keras.Input((2,)), layers.Dense(4)])
        self.seeds = keras.random.SeedGenerator(3)
        names = ("loss", "reconstruction_loss", "kl_loss")
        self.trackers = [keras.metrics.Mean(name=name) for name in names]

    @property
    def metrics(self):
        return self.trackers

    def train_step(self, data):
        x, _ = data
        with tf.GradientTape() as tape:
            mean, log_variance = tf.split(self.encoder(x), 2, axis=-1)
            noise = keras.random.normal(tf.shape(mean), seed=self.seeds)
            rebuilt = self.decoder(mean + tf.exp(0.5 * log_variance) * noise)
            reconstruction = tf.reduce_mean(tf.reduce_sum((x - rebuilt) ** 2, -1))
            kl = -0.5 * (1 + log_variance - mean**2 - tf.exp(log_variance))
            kl = tf.reduce_mean(tf.reduce_sum(kl, -1))
            total = reconstruction + kl
        held = self.trainable_weights
        gradients = tape.gradient(total, held)
        self.optimizer.apply_gradients(zip(gradients, held, strict=True))
        for tracker, value in zip(self.trackers, (total, reconstruction, kl), strict=True):
            tracker.update_state(value)
        return {tracker.name: tracker.result() for tracker in self.trackers}


class DCGAN(keras.Model):
    """Keras' example: a discriminator and a generator, each with its optimizer and its mean."""

    def __init__(self):
        super().__init__()
        self.discriminator = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
        self.generator = keras.Sequential([keras.Input((2,)), layers.Dense(4)])
        self.seeds = keras.random.SeedGenerator(3)

    def compile(self, **more):
        super().compile(**more)
        self.d_optimizer, self.g_optimizer = Adam(0.01), SGD(0.01)
        self.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)
        self.d_loss_metric = keras.metrics.Mean(name="d_loss")
        self.g_loss_metric = keras.metrics.Mean(name="g_loss")

    @property
    def metrics(self):
        return [self.d_loss_metric, self.g_loss_metric]

    def latent(self, x):
        return keras.random.normal((tf.shape(x)[0], 2), seed=self.seeds)

    def train_step(self, data):
        x, _ = data
        seen = tf.concat([self.generator(self.latent(x)), x], 0)
        labels = tf.concat([tf.ones_like(x[:, :1]), tf.zeros_like(x[:, :1])], 0)
        with tf.GradientTape() as tape:
            d_loss = self.loss_fn(labels, self.discriminator(seen))
        held = self.discriminator.trainable_weights
        gradients = tape.gradient(d_loss, held)
        self.d_optimizer.apply_gradients(zip(gradients, held, strict=True))
        with tf.GradientTape() as tape:
            judged = self.discriminator(self.generator(self.latent(x)))
            g_loss = self.loss_fn(tf.zeros_like(judged), judged)
        held = self.generator.trainable_weights
        gradients = tape.gradient(g_loss, held)
        self.g_optimizer.apply_gradients(zip(gradients, held, strict=True))
        self.d_loss_metric.update_state(d_loss)
        self.g_loss_metric.update_state(g_loss)
        return {metric.name: metric.result() for metric in self.metrics}


class WassersteinGAN(DCGAN):
    """Keras' WGAN-GP: several steps of the critic with a gradient penalty, one of the generator."""

    metrics = ()
    critic_steps = 3

    def penalty(self, x, made):
        mix = tf.stack([x, made])
        mix = tf.reduce_mean(mix, 0)
        with tf.GradientTape() as tape:
            tape.watch(mix)
            judged = self.discriminator(mix, training=True)
        slopes = tape.gradient(judged, [mix])[0]
        return tf.reduce_mean((tf.sqrt(tf.reduce_sum(slopes**2, 1)) - 1.0) ** 2)

    def train_step(self, data):
        x, _ = data
        for _ in range(self.critic_steps):
            made = self.generator(self.latent(x))
            with tf.GradientTape() as tape:
                gap = tf.reduce_mean(self.discriminator(made)) - tf.reduce_mean(
                    self.discriminator(x)
                )
                d_loss = gap + 10.0 * self.penalty(x, made)
            held = self.discriminator.trainable_variables
            gradients = tape.gradient(d_loss, held)
            self.d_optimizer.apply_gradients(zip(gradients, held, strict=True))
        with tf.GradientTape() as tape:
            g_loss = -tf.reduce_mean(self.discriminator(self.generator(self.latent(x))))
        held = self.generator.trainable_variables
        gradients = tape.gradient(g_loss, held)
        self.g_optimizer.apply_gradients(zip(gradients, held, strict=True))
        return {"d_loss": d_loss, "g_loss": g_loss}
