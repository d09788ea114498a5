"""Small real trainings, recorded without a session round them, and the same ones left alone."""

import math

import keras
import numpy as np

from nanwatch.recorder.install import install

FIT = {"batch_size": 16, "shuffle": False, "verbose": 0}


class Recording(keras.callbacks.Callback):
    """Records every step of a fit with the recorder that fits the model."""

    def __init__(self, on_nonfinite="record", probes="full", stop=False):
        super().__init__()
        self.wishes = (probes, on_nonfinite)
        self.stop = stop
        self.steps, self.errors = [], []

    def on_train_begin(self, logs=None):
        self.recorder = install(self.model, *self.wishes, self.on_step, self.on_error)

    def on_step(self, step):
        self.steps.append(step)
        if self.stop and not (step.finite and step.update_finite):
            self.model.stop_training = True

    def on_error(self, step, batch, error):
        self.errors.append((step, error))

    def on_epoch_begin(self, epoch, logs=None):
        self.recorder.epoch_begins()

    def on_train_end(self, logs=None):
        self.recorder.uninstall()

    @property
    def losses(self):
        return [step.loss for step in self.steps]


class Raising(keras.callbacks.Callback):
    """Leaves the fit at its second batch."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def on_train_batch_end(self, batch, logs=None):
        if batch == 1:
            raise self.error


class Again(keras.callbacks.Callback):
    """Fits the model itself in the middle of its fit, as a warm-up or a test of settings does."""

    def __init__(self, *callbacks):
        super().__init__()
        self.inner = list(callbacks)
        self.done = False

    def on_train_batch_end(self, batch, logs=None):
        if batch == 1 and not self.done:
            self.done = True
            if hasattr(self.model, "jax_state_sync"):
                self.model.jax_state_sync()
            self.model.fit(*table(32), callbacks=self.inner, **FIT)


def table(n=64, width=4, seed=7):
    """Scaled inputs and a linear target with little noise."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, width)).astype("float32")
    y = x @ np.linspace(-2, 2, width)[:, None] + 0.1 * random.normal(size=(n, 1))
    return x, y.astype("float32")


def mlp(width=4, optimizer="sgd", loss="mse", hidden=(8,), **compiled):
    """A small regression network with fixed seeds."""
    keras.utils.set_random_seed(7)
    layers = [keras.layers.Dense(units, "relu") for units in hidden]
    model = keras.Sequential([keras.Input((width,)), *layers, keras.layers.Dense(1)])
    model.compile(optimizer=optimizer, loss=loss, **compiled)
    return model


def noisy_mlp(optimizer="adam", **compiled):
    """A network whose step draws random numbers and changes non-trainable state."""
    keras.utils.set_random_seed(7)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dropout(0.3),
            layers.Dense(1),
        ]
    )
    model.compile(optimizer=optimizer, loss="mse", **compiled)
    return model


def losses_alone(model, batches, key="loss"):
    """Each batch's loss by Keras' own account, its running mean begun anew before each.

    A mean over a batch of 2, 4, 8 ... rows is exact: its sum is the loss times a power of two.
    """
    losses = []
    for batch in batches:
        model.reset_metrics()
        losses.append(float(model.train_on_batch(*batch, return_dict=True)[key]))
    return losses


def batches_of(x, y, size=16):
    """Consecutive batches, as an unshuffled fit makes them."""
    return [(x[at : at + size], y[at : at + size]) for at in range(0, len(x), size)]


def values_of(model):
    """Every value that a training changes: weights, statistics, seeds, each optimizer's slots."""
    optimizers = [v for v in vars(model).values() if isinstance(v, keras.optimizers.Optimizer)]
    held = [*model.variables, *(slot for made in optimizers for slot in made.variables)]
    return [keras.ops.convert_to_numpy(v) for v in held]


def state_of(model):
    """Every value that a training changes, as bytes: equal means bit by bit."""
    return [value.tobytes() for value in values_of(model)]


def is_finite(model):
    """Whether all weights, statistics and optimizer slots are."""
    return all(np.isfinite(v).all() for v in values_of(model) if v.dtype.kind == "f")


def recorded(model, *data, on_nonfinite="record", probes="full", stop=False, **fit):
    """A fit in batches of 16 without shuffling, and what was recorded of it."""
    recording = Recording(on_nonfinite, probes, stop)
    model.fit(*data, callbacks=[recording], **{**FIT, **fit})
    return recording


class OneLayer(keras.Model):
    """The smallest model of a class of one's own, to be given a step of one's own."""

    def __init__(self):
        super().__init__()
        self.out = keras.layers.Dense(1)

    def call(self, x):
        return self.out(x)


def two_outputs():
    keras.utils.set_random_seed(7)
    inputs = keras.Input((4,))
    outputs = {name: keras.layers.Dense(1, name=name)(inputs) for name in ("price", "size")}
    model = keras.Model(inputs, outputs)
    model.compile("sgd", {"price": "mse", "size": "mae"}, loss_weights={"price": 2.0, "size": 1.0})
    return model


FAULTS = {
    "NaN in x": ("x", math.nan),
    "infinity in x": ("x", math.inf),
    "NaN in y": ("y", math.nan),
    "NaN sample weight": ("w", math.nan),
}


def spoilt(fault):
    """Four batches of which the third has one bad cell."""
    name, value = FAULTS[fault]
    x, y = table()
    arrays = {"x": x, "y": y, "w": np.ones(64, "float32")}
    arrays[name][35] = value
    return arrays["x"], arrays["y"], arrays["w"]
