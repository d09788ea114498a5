"""Every batch's true loss on JAX and torch, and the weights of an unwatched fit.

The reference is Keras' own account of the same training, unwatched.
"""

import sys

import keras
import numpy as np
import pytest
from keras.optimizers import SGD, Adam

from backends.trainings import BACKEND, Pipeline, alone, classes, classifier, own_step
from fits import batches_of, mlp, noisy_mlp, recorded, state_of, table, two_outputs

only_jax = pytest.mark.skipif(BACKEND == "torch", reason="Keras refuses this on torch")


def penalised():
    keras.utils.set_random_seed(7)
    dense = keras.layers.Dense(1, kernel_regularizer="l2", activity_regularizer="l1")
    model = keras.Sequential([keras.Input((4,)), dense])
    model.compile("sgd", "mse")
    return model


MODELS = {
    "dropout and batch norm": noisy_mlp,
    "eager": lambda: noisy_mlp(run_eagerly=True),
    "not compiled": lambda: noisy_mlp(jit_compile=False),
    "clipped": lambda: mlp(optimizer=SGD(0.1, global_clipnorm=0.1)),
    "moving average": lambda: mlp(optimizer=Adam(use_ema=True, ema_overwrite_frequency=2)),
    "accumulated": lambda: mlp(optimizer=Adam(gradient_accumulation_steps=2)),
    "schedule": lambda: mlp(optimizer=SGD(keras.optimizers.schedules.CosineDecay(0.1, 9))),
    "penalties": penalised,
    "metrics": lambda: mlp(metrics=["mae", "r2_score"]),
}


@pytest.mark.parametrize(
    ("name", "wish"),
    [*((name, "stop") for name in MODELS), *((next(iter(MODELS)), w) for w in ("record", "skip"))],
)
def test_the_loss_is_that_of_the_batch_and_the_weights_are_those_of_an_unwatched_fit(name, wish):
    x, y = table()
    watched = MODELS[name]()
    recording = recorded(watched, x, y, epochs=2, on_nonfinite=wish)
    unwatched = MODELS[name]()
    assert recording.losses == pytest.approx(alone(unwatched, x, y, epochs=2), rel=1e-6)
    assert state_of(watched) == state_of(unwatched)
    assert [step.index for step in recording.steps] == list(range(8))
    assert recording.recorder.notes == []


def test_keras_reports_the_same_as_unwatched():
    x, y = table()
    fit = {"batch_size": 16, "shuffle": False, "verbose": 0, "epochs": 2}
    histories = [mlp(metrics=["mae"]).fit(x, y, **fit).history]
    model = mlp(metrics=["mae"])
    recorded(model, x, y, epochs=2, on_nonfinite="skip")
    histories.append(model.history.history)
    assert histories[0] == histories[1]


@only_jax
def test_of_several_steps_in_one_execution_every_batch_is_seen():
    x, y = table(n=80)
    watched, unwatched = noisy_mlp(steps_per_execution=3), noisy_mlp()
    recording = recorded(watched, x, y, epochs=2, on_nonfinite="stop")
    assert recording.losses == pytest.approx(alone(unwatched, x, y, epochs=2), rel=1e-6)
    assert state_of(watched) == state_of(unwatched)


def test_several_outputs_have_a_total_and_their_parts():
    x, y = table()
    data = (x, {"price": y, "size": -y})
    watched, unwatched, by_part = two_outputs(), two_outputs(), two_outputs()
    recording = recorded(watched, *data)
    assert recording.losses == pytest.approx(alone(unwatched, *data), rel=1e-6)
    assert state_of(watched) == state_of(unwatched)
    sizes = [step.points["batch/size_loss"] for step in recording.steps]
    assert sizes == pytest.approx(alone(by_part, *data, key="size_loss"), rel=1e-6)


def test_what_penalties_add_to_the_loss_is_told_apart():
    x, y = table()
    first = recorded(penalised(), x, y).steps[0].points
    penalty = first["batch/regularization_loss"]
    alike = mlp(hidden=())  # the same weights before the first step, and no penalty
    assert penalty > 0.01
    assert first["batch/loss"] == pytest.approx(alone(alike, x, y)[0] + penalty, rel=1e-6)
    assert "batch/regularization_loss" not in recorded(mlp(), x, y).steps[0].points


def test_a_custom_step_is_read_at_its_gradient():
    x, y = table()
    watched, unwatched = own_step(), own_step()
    recording = recorded(watched, x, y, on_nonfinite="stop")
    assert recording.losses == pytest.approx(alone(unwatched, x, y, key="nll"), rel=1e-6)
    assert state_of(watched) == state_of(unwatched)
    assert recording.recorder.notes == []


@pytest.mark.parametrize("weighting", ["class_weight", "sample_weight"])
def test_weighted_losses_are_those_of_the_training(weighting):
    x, y = classes()
    weights = {"class_weight": {0: 0.5, 1: 2.0, 2: 9.0}, "sample_weight": np.linspace(0, 2, 64)}
    fit = {weighting: weights[weighting]}
    watched, unwatched = classifier(), classifier()
    recording = recorded(watched, x, y, **fit)
    assert recording.losses == pytest.approx(alone(unwatched, x, y, **fit), rel=1e-6)
    assert state_of(watched) == state_of(unwatched)


@pytest.mark.parametrize("kind", ["PyDataset", "generator"])
def test_streams_are_recorded_batch_by_batch(kind):
    x, y = table()
    data = Pipeline(x, y) if kind == "PyDataset" else (batch for batch in batches_of(x, y))
    watched, unwatched = mlp(), mlp()
    recording = recorded(watched, data, batch_size=None, steps_per_epoch=4)
    assert recording.losses == pytest.approx(alone(unwatched, x, y), rel=1e-6)
    inputs = [keras.ops.convert_to_numpy(step.batch[0]) for step in recording.steps]
    np.testing.assert_array_equal(np.concatenate(inputs), x)
    assert recording.errors == []


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_is_recorded_and_its_scale_backing_off_is_no_incident(policy):
    def model():
        keras.utils.set_random_seed(7)
        dense = keras.layers.Dense(8, dtype=policy)
        made = keras.Sequential([keras.Input((4,)), dense, keras.layers.Dense(1, dtype="float32")])
        made.compile(keras.optimizers.LossScaleOptimizer(SGD(0.01), initial_scale=2.0**24), "mse")
        return made

    x, y = table()
    watched, unwatched = model(), model()
    recording = recorded(watched, x, y, epochs=8, on_nonfinite="stop", stop=True)
    assert recording.losses == pytest.approx(alone(unwatched, x, y, epochs=8), rel=1e-6)
    assert state_of(watched) == state_of(unwatched)


def test_norms_and_rate_are_those_of_the_step():
    x, y = table(16)
    model = mlp(optimizer=SGD(0.25, global_clipnorm=1e-3), hidden=())
    weights = model.get_weights()
    residual = x @ weights[0] + weights[1] - y
    slopes = np.concatenate([2 * x.T @ residual / 16, 2 * residual.mean(0, keepdims=True)])
    (step,) = recorded(model, x, y).steps
    assert step.points["batch/grad_norm"] == pytest.approx(np.linalg.norm(slopes), rel=1e-5)
    assert step.points["batch/learning_rate"] == 0.25
    length = np.sqrt(sum((weight**2).sum() for weight in model.get_weights()))
    assert step.details[f"layer/{model.layers[-1].name}/weight_norm"] == pytest.approx(
        length, rel=1e-5
    )
    assert step.details["batch/update_ratio"] == pytest.approx(0.25e-3 / length, rel=1e-4)
    assert step.details["input/input/max"] == x.max()


@pytest.mark.every_backend
def test_a_norm_whose_square_overflows_is_still_finite():
    x, y = table(16)
    (step,) = recorded(mlp(hidden=()), x * 1e18, y).steps
    assert step.finite
    assert 1e19 < step.points["batch/grad_norm"] < 1e38


def test_tensorflow_is_never_imported():
    recorded(mlp(), *table())
    assert "tensorflow" not in sys.modules


class Telling(keras.Sequential):
    """Its step tells more than single numbers."""

    def train_step(self, *given):
        more = {"by_class": keras.ops.ones(3), "of": {"a": 1.0}}
        if BACKEND == "torch":
            return {**super().train_step(*given), **more, "phase": "warm-up"}
        logs, state = super().train_step(*given)
        return {**logs, **more}, state


def test_logs_that_are_no_numbers_are_left_out():
    keras.utils.set_random_seed(7)
    model = Telling([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    recording = recorded(model, *table(), on_nonfinite="stop")
    assert recording.recorder.notes == []
    assert np.isfinite(recording.losses).all()
    assert not {"batch/by_class", "batch/of", "batch/phase"} & set(recording.steps[0].names)
