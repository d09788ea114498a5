"""Every way to compile a model: how its step runs, its precision and its optimizer."""

import keras
import pytest
from keras.optimizers import SGD, Adam, schedules

from fits import mlp, noisy_mlp, recorded, table
from recorder.twins import XLA, assert_same_history, assert_same_weights, assert_unnoticed


def in_policy(policy, **options):
    """A network whose every layer computes in half precision."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        return mlp(**options)
    finally:
        keras.config.set_dtype_policy(before)


RUNS = {
    "in a graph": {},
    "eager": {"run_eagerly": True},
    "automatic XLA": {"jit_compile": "auto"},
    "without XLA": {"jit_compile": False},
    "weighted metrics": {"metrics": ["mae"], "weighted_metrics": ["mse"]},
    "loss weight": {"loss_weights": 0.5},
}


@pytest.mark.parametrize("name", RUNS)
def test_a_step_runs_as_if_unwatched(name):
    assert_unnoticed(lambda: noisy_mlp(**RUNS[name]), table, epochs=2)


@pytest.mark.parametrize("at_once", [3, 7, 100])
def test_several_steps_an_execution_have_a_loss_each(at_once):
    """Neither number divides the epoch's four steps."""
    make = lambda: noisy_mlp(steps_per_execution=at_once)  # noqa: E731
    recording = assert_unnoticed(make, table, epochs=2)
    twin = make()
    history = twin.fit(*table(), epochs=2, batch_size=16, shuffle=False, verbose=0)
    assert_same_weights(recording.model, twin)
    assert_same_history(recording.model.history, history)


def test_one_program_by_xla_is_as_near_as_xla_is_to_itself():
    assert_unnoticed(lambda: mlp(jit_compile=True), table, tolerance=XLA, epochs=2)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
@pytest.mark.parametrize("run_eagerly", [False, True])
def test_precision_stays_the_models_own(policy, run_eagerly):
    assert_unnoticed(lambda: in_policy(policy, run_eagerly=run_eagerly), table, epochs=2)


def test_a_loss_scale_that_backs_off_is_no_incident():
    def make():
        scaled = keras.optimizers.LossScaleOptimizer(SGD(0.01), initial_scale=2.0**30)
        return in_policy("mixed_float16", optimizer=scaled)

    recording = assert_unnoticed(make, table, epochs=6)
    assert all(step.finite and step.update_finite for step in recording.steps)
    assert float(recording.model.optimizer.dynamic_scale) < 2.0**30


OPTIMIZERS = {
    "SGD": lambda: SGD(0.05),
    "momentum": lambda: SGD(0.05, momentum=0.9, nesterov=True),
    "Adam": lambda: Adam(0.01, amsgrad=True),
    "AdamW": lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1),
    "clipnorm": lambda: SGD(0.05, clipnorm=0.1),
    "clipvalue": lambda: SGD(0.05, clipvalue=0.1),
    "global_clipnorm": lambda: SGD(0.05, global_clipnorm=0.1),
    "moving average": lambda: Adam(0.01, use_ema=True, ema_overwrite_frequency=3),
    "moving average at the end": lambda: Adam(0.01, use_ema=True),
    "accumulated": lambda: Adam(0.01, gradient_accumulation_steps=2),
    "accumulated and averaged": lambda: SGD(0.05, gradient_accumulation_steps=3, use_ema=True),
    "weight decay": lambda: SGD(0.05, weight_decay=0.01),
    "loss scale": lambda: SGD(0.05, loss_scale_factor=16.0),
    "loss scale by hand": lambda: keras.optimizers.LossScaleOptimizer(Adam(0.01)),
    "cosine decay": lambda: SGD(schedules.CosineDecay(0.1, 6, warmup_target=0.2, warmup_steps=2)),
    "piecewise": lambda: Adam(schedules.PiecewiseConstantDecay([2, 5], [0.1, 0.01, 0.001])),
}
OTHERS = "Adadelta Adafactor Adagrad Adamax Ftrl Lamb Lion Muon Nadam RMSprop ScheduleFreeAdamW"
for other in OTHERS.split():
    if hasattr(keras.optimizers, other):  # the younger ones came with a later Keras
        OPTIMIZERS[other] = lambda other=other: getattr(keras.optimizers, other)(0.01)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_trains_as_if_unwatched(name):
    make = lambda: mlp(optimizer=OPTIMIZERS[name](), hidden=())  # noqa: E731
    assert_unnoticed(make, table, epochs=2)


def test_the_learning_rate_told_is_the_one_in_effect():
    rates = [0.1, 0.05, 0.2, 0.01]
    made = SGD(schedules.PiecewiseConstantDecay([0, 1, 2], rates))
    steps = recorded(mlp(optimizer=made), *table()).steps
    assert [step.points["batch/learning_rate"] for step in steps] == pytest.approx(rates)
