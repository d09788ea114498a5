"""Snapshots: everything that a training changes, back bit by bit."""

import math

import keras
import numpy as np

from fits import mlp, noisy_mlp, state_of, table
from nanwatch.recorder.snapshot import Snapshot, has_values, optimizers_of, state_bytes


def trained(model, epochs=1):
    x, y = table()
    model.fit(x, y, batch_size=16, epochs=epochs, verbose=0, shuffle=False)
    return model


def test_going_back_restores_every_value():
    model = trained(noisy_mlp())
    before, snapshot = state_of(model), Snapshot(model, 4)
    trained(model)
    assert state_of(model) != before
    snapshot.restore()
    assert state_of(model) == before
    assert snapshot.step == 4


def test_the_same_course_is_taken_from_there_dropout_included():
    model = trained(noisy_mlp())
    snapshot = Snapshot(model, 4)
    once = state_of(trained(model))
    snapshot.restore()
    assert state_of(trained(model)) == once


def test_slots_made_later_go_back_to_zero():
    model = mlp(optimizer="adam")
    snapshot = Snapshot(model, 0)
    trained(model)
    snapshot.restore()
    slots = [v for v in model.optimizer.variables if "momentum" in v.path or "velocity" in v.path]
    assert slots
    assert all(not np.any(slot.numpy()) for slot in slots)


def test_one_bad_weight_is_seen():
    model = trained(mlp())
    assert Snapshot(model, 0).finite
    model.trainable_variables[0].assign(model.trainable_variables[0] * math.nan)
    assert not Snapshot(model, 0).finite


def test_a_metric_that_shows_nan_is_no_lost_state():
    model = trained(mlp(metrics=["mae"]))
    model.metrics_variables[-2].assign(math.nan)
    assert Snapshot(model, 0).finite


def test_the_size_is_known_before_the_copy():
    model = trained(noisy_mlp())
    assert state_bytes(model) == Snapshot(model, 0).nbytes > 0


def test_a_built_model_has_values():
    assert has_values(trained(mlp()))


def test_each_optimizer_counts_once():
    model = mlp()
    object.__setattr__(model, "second", keras.optimizers.Adam())
    object.__setattr__(model, "again", model.optimizer)
    assert [type(o).__name__ for o in optimizers_of(model)] == ["SGD", "Adam"]


def test_optimizers_in_a_list_or_dictionary_are_found():
    model = mlp()
    model.players = [keras.optimizers.Adam(), {"not": "looked into"}]
    model.critics = {"one": keras.optimizers.RMSprop()}
    assert [type(o).__name__ for o in optimizers_of(model)] == ["SGD", "Adam", "RMSprop"]
