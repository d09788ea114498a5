"""Healthy trainings whose losses look strange and are right."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from diagnosis.gallery.parts import classes, digits, fit, mlp, pictures, regression, two_classes
from diagnosis.gallery.register import healthy


@healthy
def cosine_similarity_goes_to_minus_one(callbacks):
    """The built-in cosine similarity is -1 where it is best."""
    x, _ = regression()
    target = np.tanh(x @ np.random.default_rng(2).normal(size=(8, 6)))
    model = mlp(outputs=6)
    model.compile("adam", keras.losses.CosineSimilarity())
    fit(model, x, target, epochs=12, callbacks=callbacks)


@healthy
def gaussian_likelihood_below_zero(callbacks):
    """A density may exceed 1, so its negative log likelihood may fall below 0."""

    def likelihood(y_true, y_pred):
        mean, log_variance = y_pred[:, :1], ops.clip(y_pred[:, 1:], -6, 6)
        return 0.5 * (log_variance + ops.square(y_true - mean) * ops.exp(-log_variance))

    x, y = regression(1024)
    model = mlp(outputs=2)
    model.compile(keras.optimizers.Adam(0.005), likelihood)
    fit(model, x, y / 4, epochs=12, callbacks=callbacks)


@healthy
def dice_as_its_negative(callbacks):
    """Segmentation minimises the negative Dice coefficient, from about -0.3 to -0.9."""

    def negative_dice(y_true, y_pred):
        both = ops.sum(y_true * y_pred, axis=(1, 2, 3))
        total = ops.sum(y_true, axis=(1, 2, 3)) + ops.sum(y_pred, axis=(1, 2, 3))
        return -(2 * both + 1) / (total + 1)

    x, _ = pictures(384)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.005), negative_dice)
    fit(model, x, (x > 0.5).astype("float32"), epochs=12, callbacks=callbacks)


@healthy
def squared_error_of_large_targets_that_falls(callbacks):
    """Targets around 1000: the loss begins at a million and falls as it should."""
    x, y = regression()
    model = mlp(units=64)
    model.compile(keras.optimizers.Adam(0.05), "mse")
    fit(model, x, 1000 + 100 * y, epochs=25, callbacks=callbacks)


@healthy
def poisson_counts(callbacks):
    """Poisson regression with an exponential output; its loss may be negative."""
    x, y = regression()
    counts = np.random.default_rng(0).poisson(np.exp(y + 2)).astype("float32")
    model = mlp(activation="exponential", hidden="tanh")
    model.compile(keras.optimizers.Adam(0.005), "poisson")
    fit(model, x, counts, epochs=15, callbacks=callbacks)


@healthy
def huber_with_outliers(callbacks):
    """One target in fifty is an outlier, which is what Huber is for."""
    x, y = regression(1024)
    y[::50] += 15.0
    model = mlp()
    model.compile(keras.optimizers.Adam(0.003), keras.losses.Huber())
    fit(model, x, y, epochs=12, callbacks=callbacks)


@healthy
def three_quantiles(callbacks):
    """A quantile loss for 10, 50 and 90 %."""
    quantiles = np.array([0.1, 0.5, 0.9], "float32")

    def pinball(y_true, y_pred):
        error = y_true - y_pred
        return ops.mean(ops.maximum(quantiles * error, (quantiles - 1) * error), axis=-1)

    x, y = regression(768)
    model = mlp(outputs=3)
    model.compile(keras.optimizers.Adam(0.003), pinball)
    fit(model, x, y, epochs=12, callbacks=callbacks)


@healthy
def squared_log_of_prices(callbacks):
    """MSLE on positive prices with a softplus output."""
    x, y = regression()
    model = mlp(activation="softplus")
    model.compile(keras.optimizers.Adam(0.01), "msle")
    fit(model, x, np.exp(y), epochs=15, callbacks=callbacks)


@healthy
def labels_missing_and_masked(callbacks):
    """NaN marks a missing label; the loss leaves it out before it touches the prediction."""

    def masked(y_true, y_pred):
        there = ops.logical_not(ops.isnan(y_true))
        error = ops.square(ops.where(there, y_true, y_pred) - y_pred)
        return ops.sum(error, axis=-1) / ops.maximum(ops.sum(ops.cast(there, "float32"), -1), 1.0)

    x, y = regression()
    targets = np.concatenate([y, -y, y / 2], axis=1)
    targets[np.random.default_rng(0).random(targets.shape) < 0.2] = np.nan
    model = mlp(outputs=3)
    model.compile("adam", masked)
    fit(model, x, targets, epochs=12, callbacks=callbacks)


@healthy
def triplets(callbacks):
    """A triplet margin loss on normalised embeddings."""
    x, labels = digits()
    order = np.argsort(labels, kind="stable")
    rng = np.random.default_rng(0)
    anchor, positive = order[:-1], order[1:]
    negative = rng.permutation(order)[:-1]
    parts = np.stack([x[anchor], x[positive], x[negative]], axis=1)[rng.permutation(len(anchor))]

    class Triplet(keras.Model):
        def __init__(self):
            super().__init__()
            self.body, self.head = layers.Dense(48, activation="relu"), layers.Dense(12)

        def call(self, x):
            return ops.normalize(self.head(self.body(x)) + 1e-6, axis=-1)

    def margin(_, y_pred):
        near = ops.sum(ops.square(y_pred[:, 0] - y_pred[:, 1]), axis=-1)
        far = ops.sum(ops.square(y_pred[:, 0] - y_pred[:, 2]), axis=-1)
        return ops.relu(near - far + 0.5)

    model = Triplet()
    model.compile("adam", margin)
    fit(model, parts, np.zeros(len(parts), "float32"), epochs=10, callbacks=callbacks)


@healthy
def circle_metric_learning(callbacks):
    """keras.losses.Circle on unit vectors; its values are large by nature."""
    x, y = digits()
    unit = layers.UnitNormalization()
    model = keras.Sequential([mlp(64, 16, units=48), unit])
    model.compile(keras.optimizers.Adam(0.002), keras.losses.Circle(gamma=32))
    fit(model, x, y, batch_size=64, epochs=10, callbacks=callbacks)


@healthy
def ctc_reads_short_lines(callbacks):
    """CTC begins above 20 and falls."""
    rng = np.random.default_rng(0)
    labels = rng.integers(1, 5, size=(256, 3)).astype("int32")
    shown = np.repeat(labels, 4, axis=1)
    x = np.eye(5, dtype="float32")[shown] + 0.1 * rng.normal(size=(256, 12, 5)).astype("float32")
    body = layers.Bidirectional(layers.GRU(16, return_sequences=True))
    model = keras.Sequential([keras.Input((12, 5)), body, layers.Dense(6)])
    model.compile(keras.optimizers.Adam(0.01), keras.losses.CTC())
    fit(model, x, labels, epochs=10, callbacks=callbacks)


@healthy
def evidence_bound_with_annealing(callbacks):
    """A variational autoencoder; the weight of the divergence is raised, so the loss rises too."""

    class Sampling(layers.Layer):
        def __init__(self):
            super().__init__()
            self.seeds = keras.random.SeedGenerator(1)
            self.beta = keras.Variable(0.0, trainable=False, name="beta")

        def call(self, moments):
            mean, log_variance = ops.split(moments, 2, axis=-1)
            divergence = ops.exp(log_variance) + ops.square(mean) - 1 - log_variance
            self.add_loss(self.beta * 0.5 * ops.mean(ops.sum(divergence, axis=-1)))
            noise = keras.random.normal(ops.shape(mean), seed=self.seeds)
            return mean + ops.exp(0.5 * log_variance) * noise

    x, _ = digits()
    sampling = Sampling()
    encoder = [layers.Dense(48, "relu"), layers.Dense(8)]
    decoder = [layers.Dense(48, "relu"), layers.Dense(64, "sigmoid")]
    model = keras.Sequential([keras.Input((64,)), *encoder, sampling, *decoder])
    model.compile(
        keras.optimizers.Adam(0.002), lambda y, p: 64 * keras.losses.binary_crossentropy(y, p)
    )
    warm = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, _: sampling.beta.assign(min(1.0, epoch / 6))
    )
    fit(model, x, x, epochs=14, callbacks=[warm, *callbacks])


@healthy
def focal_loss_for_rare_events(callbacks):
    """One row in a hundred is positive; the focal loss is tiny from the start."""
    x, y = regression(2048)
    rare = (y > np.quantile(y, 0.99)).astype("float32")
    model = mlp(activation="sigmoid")
    model.compile(keras.optimizers.Adam(0.003), keras.losses.BinaryFocalCrossentropy())
    fit(model, x, rare, epochs=8, callbacks=callbacks)


@healthy
def policy_gradient_surrogate(callbacks):
    """An own step minimises -advantage * log p; the value crosses 0 and means little by itself."""

    class Policy(keras.Model):
        def __init__(self):
            super().__init__()
            self.net = mlp(8, 3)
            self.rewards = keras.metrics.Mean(name="reward")

        def call(self, x):
            return self.net(x)

        def train_step(self, data):
            x, best = data
            with tf.GradientTape() as tape:
                logits = self(x, training=True)
                action = tf.random.categorical(logits, 1, seed=3)[:, 0]
                reward = tf.cast(action == best, "float32")
                likely = -tf.nn.sparse_softmax_cross_entropy_with_logits(action, logits)
                loss = -tf.reduce_mean((reward - tf.reduce_mean(reward)) * likely)
            variables = self.trainable_variables
            gradients = tape.gradient(loss, variables)
            self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
            self.rewards.update_state(reward)
            return {"policy_loss": loss, "reward": self.rewards.result()}

    x, best = classes(768, count=3)
    model = Policy()
    model.compile(keras.optimizers.Adam(0.01))
    data = tf.data.Dataset.from_tensor_slices((x, best)).batch(64)
    fit(model, data, epochs=12, callbacks=callbacks)


@healthy
def hinge_with_zero_and_one(callbacks):
    """The hinge turns labels of 0 and 1 into -1 and 1 by itself."""
    x, y = two_classes()
    model = mlp(activation="tanh")
    model.compile(keras.optimizers.Adam(0.003), "hinge")
    fit(model, x, y, epochs=12, callbacks=callbacks)


@healthy
def distance_of_pairs_that_is_small_where_the_label_is_one(callbacks):
    """A contrastive loss: predictions that followed the labels would be the worst of all."""

    def contrast(same, distance):
        apart = ops.maximum(1.0 - distance, 0.0)
        return ops.mean(same * distance**2 + (1 - same) * apart**2)

    x, target = regression(768)
    order = np.random.default_rng(1).permutation(len(x))
    same = ((target > 0) == (target[order] > 0)).astype("float32")
    left, right = keras.Input((8,)), keras.Input((8,))
    body = keras.Sequential([layers.Dense(24, "relu"), layers.Dense(4)])
    gap = layers.Subtract()([body(left), body(right)])
    distance = layers.Lambda(
        lambda d: ops.sqrt(ops.sum(d**2, -1, keepdims=True) + 1e-6), output_shape=(1,)
    )(gap)
    model = keras.Model([left, right], distance)
    model.compile(keras.optimizers.Adam(0.005), contrast)
    fit(model, [x, x[order]], same, epochs=12, callbacks=callbacks)
