"""Replays: the right remedy cures, a wrong one does not, and nothing stays changed.

Every program here fails for a reason that is known, because it was put in.
"""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_diabetes

from fits import mlp, state_of, table
from nanwatch.autopsy.remedies import REMEDIES
from nanwatch.autopsy.replay import NotTriedError, replay, stepper
from nanwatch.recorder.snapshot import Snapshot

SGD = keras.optimizers.SGD
SECONDS = 60.0  # so long that no load of the machine cuts a replay short


def batches_of(x, y, n=4):
    size = len(x) // n
    parts = [(x[i * size : (i + 1) * size], y[i * size : (i + 1) * size]) for i in range(n)]
    return [(tf.constant(a, tf.float32), tf.constant(b, tf.float32)) for a, b in parts]


def nan_rows():
    x, y = table()
    x[20, 1] = math.nan
    return mlp(optimizer="adam"), batches_of(x, y)


def unscaled():
    x, y = load_diabetes(return_X_y=True, scaled=False)
    return mlp(width=10, optimizer=SGD(0.01), hidden=()), batches_of(x[:128], y[:128, None])


def fast():
    return mlp(optimizer=SGD(1.0), hidden=()), batches_of(*table())


def penalised():
    keras.utils.set_random_seed(7)
    dense = keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(300.0))
    model = keras.Sequential([keras.Input((4,)), dense])
    model.compile(SGD(0.01), "mse")
    return model, batches_of(*table())


def exploding():
    keras.utils.set_random_seed(7)
    large = keras.initializers.Orthogonal(gain=1.3, seed=1)
    recurrent = keras.layers.SimpleRNN(8, activation=None, recurrent_initializer=large)
    model = keras.Sequential([keras.Input((60, 2)), recurrent, keras.layers.Dense(1)])
    model.compile(SGD(0.01), "mse")
    x = np.random.default_rng(7).normal(size=(64, 60, 2))
    return model, batches_of(x, x.mean(axis=1)[:, :1])


def no_epsilon():
    x, y = table()
    x[:, 0] = 0.0
    return mlp(optimizer=keras.optimizers.Adam(0.01, epsilon=0.0), hidden=()), batches_of(x, y)


def trial_of(program, remedy):
    model, batches = program()
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    start = Snapshot(model, 0)
    trial = replay(model, stepper(model), start, batches, REMEDIES[remedy], SECONDS)
    return trial, model, start


@pytest.mark.parametrize(
    ("program", "remedy"),
    [
        (nan_rows, "drop_rows"),
        (unscaled, "scale_inputs"),
        (fast, "lower_rate"),
        (penalised, "weaker_penalty"),
        (exploding, "clip"),
        (no_epsilon, "sane_optimizer"),
    ],
)
def test_the_right_remedy_cures(program, remedy):
    trial, *_ = trial_of(program, remedy)
    assert trial.cured


@pytest.mark.parametrize(
    ("program", "remedy"),
    [
        (nan_rows, "much_lower_rate"),
        (unscaled, "lower_rate"),
        (unscaled, "scale_targets"),
        (fast, "scale_inputs"),
        (fast, "weaker_penalty"),
        (penalised, "scale_inputs"),
        (exploding, "lower_rate"),
        (exploding, "drop_rows"),
        (no_epsilon, "clip"),
    ],
)
def test_a_wrong_remedy_does_not(program, remedy):
    trial, *_ = trial_of(program, remedy)
    assert not trial.cured


def test_going_back_to_the_start_undoes_a_replay():
    _, model, start = trial_of(no_epsilon, "sane_optimizer")
    assert model.optimizer.epsilon == 0.0
    start.restore()
    fresh, _ = no_epsilon()
    fresh.optimizer.build(fresh.trainable_variables)
    assert state_of(model) == state_of(fresh)


def test_a_network_that_died_does_not_count_as_cured():
    x, y = table()
    model = mlp(optimizer=SGD(0.01))
    for layer in model.layers[:-1]:
        layer.bias.assign(layer.bias - 1e6)
    start = Snapshot(model, 0)
    trial = replay(model, stepper(model), start, batches_of(x, y + 5), REMEDIES["clip"], SECONDS)
    assert trial.finite
    assert not trial.cured


def test_a_network_that_learnt_all_there_is_counts():
    x, y = table()
    model = mlp(optimizer=SGD(0.5), hidden=())
    start = Snapshot(model, 0)
    trial = replay(
        model, stepper(model), start, batches_of(x, 0 * y), REMEDIES["as_it_is"], SECONDS
    )
    assert trial.cured
    assert trial.last == pytest.approx(0.0, abs=1e-12)


def test_too_little_time_tells_nothing():
    model, batches = fast()
    start = Snapshot(model, 0)
    with pytest.raises(NotTriedError, match="fewer than"):
        replay(model, stepper(model), start, batches, REMEDIES["lower_rate"], 0.0)


def test_nothing_is_left_to_tell_when_every_row_is_dropped():
    model, batches = fast()
    lost = [(x * math.nan, y) for x, y in batches]
    with pytest.raises(NotTriedError, match="no row"):
        replay(model, stepper(model), Snapshot(model, 0), lost, REMEDIES["drop_rows"], SECONDS)
