"""The recorder: every batch's true loss, on every road through Keras, and the model left as it was.

The reference is Keras' own account of the same training, one batch at a time and unwatched.
"""

import math
import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf

from fits import (
    Recording,
    batches_of,
    losses_alone,
    mlp,
    noisy_mlp,
    recorded,
    state_of,
    table,
    two_outputs,
)
from nanwatch.recorder.seen import MARK


class Pipeline(keras.utils.PyDataset):
    def __init__(self, x, y):
        super().__init__()
        self.batches = batches_of(x, y)

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]


class OwnStep(keras.Model):
    """A custom train step that reports what it likes."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.abs(y - self(x)))
        held = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, held), held)
        return {"nll": loss}


class Adversaries(keras.Model):
    """Two networks with an optimizer each, as in a GAN."""

    def __init__(self):
        super().__init__()
        self.maker, self.judge = keras.layers.Dense(1), keras.layers.Dense(1)
        self.maker.build((None, 4))
        self.judge.build((None, 1))

    def compile(self):
        super().compile()
        self.makers = keras.optimizers.Adam(0.01)
        self.judges = keras.optimizers.SGD(0.01)

    def train_step(self, data):
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape(persistent=True) as tape:
            d_loss = tf.reduce_mean((self.judge(y) - 1) ** 2 + self.judge(self.maker(x)) ** 2)
            g_loss = tf.reduce_mean((self.judge(self.maker(x)) - 1) ** 2)
        for loss, part, optimizer in (
            (d_loss, self.judge, self.judges),
            (g_loss, self.maker, self.makers),
        ):
            held = part.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, held), held, strict=True))
        return {"d_loss": d_loss, "g_loss": g_loss}


def penalised():
    keras.utils.set_random_seed(7)
    dense = keras.layers.Dense(1, kernel_regularizer="l2", activity_regularizer="l1")
    model = keras.Sequential([keras.Input((4,)), dense])
    model.compile("sgd", "mse")
    return model


def own_step(optimizer="sgd"):
    keras.utils.set_random_seed(7)
    model = OwnStep()
    model.compile(optimizer)
    return model


SGD, Adam = keras.optimizers.SGD, keras.optimizers.Adam
MODELS = {
    "dropout and batch norm": noisy_mlp,
    "eager": lambda: noisy_mlp(run_eagerly=True),
    "three steps an execution": lambda: noisy_mlp(steps_per_execution=3),
    "clipped": lambda: mlp(optimizer=SGD(0.1, global_clipnorm=0.1)),
    "moving average": lambda: mlp(optimizer=Adam(use_ema=True, ema_overwrite_frequency=2)),
    "accumulated": lambda: mlp(optimizer=Adam(gradient_accumulation_steps=2)),
    "schedule": lambda: mlp(optimizer=SGD(keras.optimizers.schedules.CosineDecay(0.1, 9))),
    "penalties": penalised,
    "metrics": lambda: mlp(metrics=["mae", "r2_score"]),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_loss_is_that_of_the_batch_and_the_weights_are_those_of_an_unwatched_fit(name):
    x, y = table()
    watched, alone = MODELS[name](), MODELS[name]()
    recording = recorded(watched, x, y, epochs=2)
    assert recording.losses == losses_alone(alone, batches_of(x, y) * 2)
    assert state_of(watched) == state_of(alone)
    assert [step.index for step in recording.steps] == list(range(8))
    assert recording.recorder.notes == []


def test_several_outputs_have_a_total_and_their_parts():
    x, y = table()
    watched, alone = two_outputs(), two_outputs()
    recording = recorded(watched, x, {"price": y, "size": -y})
    batches = [(a, {"price": b, "size": -b}) for a, b in batches_of(x, y)]
    assert recording.losses == losses_alone(alone, batches)
    assert state_of(watched) == state_of(alone)
    last = recording.steps[-1]
    price, size = last.points["batch/price_loss"], last.points["batch/size_loss"]
    assert 2 * price + size == pytest.approx(last.loss, rel=1e-6)


def test_a_custom_step_is_read_at_its_gradient():
    x, y = table()
    watched, alone = own_step(), own_step()
    recording = recorded(watched, x, y)
    assert recording.losses == losses_alone(alone, batches_of(x, y), "nll")
    assert state_of(watched) == state_of(alone)


def test_both_networks_of_a_gan_train_as_if_unwatched():
    x, y = table()
    models = []
    for _ in range(2):
        keras.utils.set_random_seed(7)
        models.append(Adversaries())
        models[-1].compile()
    recording = recorded(models[0], x, y)
    assert recording.losses == losses_alone(models[1], batches_of(x, y), "d_loss")
    layers = {name for name in recording.steps[0].details if name.endswith("/grad_norm")}
    assert len(layers) == 2
    weights = [[w.tobytes() for w in model.get_weights()] for model in models]
    assert weights[0] == weights[1]


def pipelines():
    x, y = table()
    yield "tf.data", tf.data.Dataset.from_tensor_slices((x, y)).batch(16)
    yield "PyDataset", Pipeline(x, y)
    yield "generator", (batch for batch in batches_of(x, y))


@pytest.mark.parametrize("kind", ["tf.data", "PyDataset", "generator"])
@pytest.mark.parametrize("at_once", [1, 3])
def test_streams_are_recorded_batch_by_batch(kind, at_once):
    data = dict(pipelines())[kind]
    model = mlp(steps_per_execution=at_once)
    recording = recorded(model, data, batch_size=None, steps_per_epoch=4)
    assert recording.losses == losses_alone(mlp(), batches_of(*table()))
    inputs = [np.asarray(step.batch[0]) for step in recording.steps]
    np.testing.assert_array_equal(np.concatenate(inputs), table()[0])


def test_half_precision_backing_off_is_no_incident():
    x, y = table()
    keras.utils.set_random_seed(7)
    dense = keras.layers.Dense(8, dtype="mixed_float16")
    model = keras.Sequential([keras.Input((4,)), dense, keras.layers.Dense(1, dtype="float32")])
    model.compile(keras.optimizers.LossScaleOptimizer(SGD(0.01), initial_scale=2.0**20), "mse")
    recording = recorded(model, x, y, epochs=8, on_nonfinite="stop", stop=True)
    assert len(recording.steps) == 32
    assert all(step.finite for step in recording.steps)
    assert not math.isfinite(recording.steps[0].points["batch/grad_norm"])
    assert recording.losses[-1] < recording.losses[0]


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_losses_are_exact(policy):
    def model():
        keras.utils.set_random_seed(7)
        dense = keras.layers.Dense(8, dtype=policy)
        made = keras.Sequential([keras.Input((4,)), dense, keras.layers.Dense(1)])
        made.compile(keras.optimizers.LossScaleOptimizer(SGD(0.01)), "mse")
        return made

    x, y = table()
    assert recorded(model(), x, y).losses == losses_alone(model(), batches_of(x, y))


class Raising(keras.callbacks.Callback):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def on_train_batch_end(self, batch, logs=None):
        if batch == 1:
            raise self.error


@pytest.mark.parametrize("error", [RuntimeError("stop here"), KeyboardInterrupt()])
def test_a_fit_that_was_left_does_not_harm_the_next(error):
    x, y = table()
    model = mlp()
    recording = Recording("stop")
    with pytest.raises(type(error)):
        model.fit(x, y, batch_size=16, verbose=0, callbacks=[recording, Raising(error)])
    again = recorded(model, x, y)
    assert len(again.steps) == 4
    assert not hasattr(model.train_function, MARK)
    assert len(recording.steps) == 2


def test_after_the_fit_the_train_function_is_the_models_own():
    x, y = table()
    model = mlp()
    model.fit(x, y, verbose=0)
    own = model.train_function
    recorded(model, x, y)
    assert model.train_function is own
    assert "train_step" not in vars(model)
    assert model.fit(x, y, verbose=0).history["loss"]


def test_what_a_step_raises_is_told_and_goes_on_its_way():
    x, y = table()

    @keras.saving.register_keras_serializable()
    def refusing(a, b):
        tf.debugging.assert_less(a, 100.0, message="too large")
        return tf.reduce_mean((a - b) ** 2, -1)

    y[40] = 1e6
    model, recording = mlp(loss=refusing), Recording("stop")
    with pytest.raises(tf.errors.InvalidArgumentError, match="too large"):
        model.fit(x, y, batch_size=16, shuffle=False, verbose=0, callbacks=[recording])
    assert [index for index, _ in recording.errors] == [2]


def test_a_stream_that_raises_is_told():
    def broken():
        yield from batches_of(*table())[:2]
        raise OSError("disk gone")

    recording = Recording("stop")
    with pytest.raises(tf.errors.UnknownError, match="disk gone"):
        mlp().fit(broken(), shuffle=False, verbose=0, callbacks=[recording])
    ((index, error),) = recording.errors
    assert index == 2
    assert "disk gone" in str(error)


class Saving(keras.callbacks.Callback):
    """Saves, clones and pickles the model in the middle of its fit."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def on_train_batch_end(self, batch, logs=None):
        self.model.save(self.folder / "model.keras")
        self.model.save_weights(self.folder / "m.weights.h5")
        self.pickled = pickle.dumps(self.model)
        self.cloned = keras.models.clone_model(self.model)


def test_nothing_of_ours_is_in_a_model_saved_during_the_fit(tmp_path):
    x, y = table()
    model, saving = noisy_mlp(), Saving(tmp_path)
    model.fit(x, y, verbose=0, callbacks=[Recording("stop"), saving])
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for copy in (loaded, pickle.loads(saving.pickled), saving.cloned):  # noqa: S301 - our own
        assert not hasattr(copy.train_function, MARK)
        assert "train_step" not in vars(copy)
    assert loaded.fit(x, y, verbose=0).history["loss"]
    assert b"nanwatch" not in (tmp_path / "model.keras").read_bytes() + saving.pickled
