"""The run's facts, read from real models."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from fits import mlp, noisy_mlp
from nanwatch.describe import (
    describe_batch,
    describe_data,
    describe_loss,
    describe_model,
    describe_optimizer,
    describe_run,
    is_loss_scaled,
)
from nanwatch.plain import plain


def own_loss(y_true, y_pred):
    return tf.reduce_mean(tf.abs(y_true - y_pred), -1)


class OwnLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return own_loss(y_true, y_pred)


def test_the_facts_of_a_run_are_plain_and_complete():
    facts = describe_run(mlp(steps_per_execution=2), {"epochs": 3, "steps": 7})
    assert (facts["epochs"], facts["steps_per_epoch"], facts["steps_per_execution"]) == (3, 7, 2)
    assert facts["versions"]["backend"] == "tensorflow"
    assert facts["versions"]["tensorflow"] == tf.__version__
    assert (facts["policy"], facts["loss_scaling"], facts["run_eagerly"]) == (
        "float32",
        False,
        False,
    )
    assert plain(facts) == facts


def test_layers_tell_kind_size_and_activation():
    facts = describe_model(noisy_mlp())
    kinds = [layer["class"] for layer in facts["layers"]]
    assert kinds == ["InputLayer", "Dense", "BatchNormalization", "ReLU", "Dropout", "Dense"]
    assert facts["layers"][1] | {"name": ""} == {
        "name": "",
        "class": "Dense",
        "parameters": 40,
        "trainable": True,
        "trainable_parameters": 40,
        "activation": "linear",
        "units": 8,
        "initializers": {"kernel": {"class": "GlorotUniform"}},
    }
    assert facts["parameters"] == 81


def test_layers_of_inner_models_are_told():
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="hidden")])
    facts = describe_model(keras.Sequential([keras.Input((4,)), inner, keras.layers.Dense(1)]))
    assert "hidden" in [layer["name"] for layer in facts["layers"]]


def test_penalties_are_told_with_their_strength():
    dense = keras.layers.Dense(
        1, kernel_regularizer=keras.regularizers.L1L2(0.5, 0.25), activity_regularizer="l1"
    )
    facts = describe_model(keras.Sequential([keras.Input((4,)), dense]))
    assert facts["layers"][-1]["regularizers"] == {
        "kernel": {"class": "L1L2", "l1": 0.5, "l2": 0.25},
        "activity": {"class": "L1", "l1": pytest.approx(0.01), "l2": 0.0},
    }


def test_a_loss_is_told_with_the_parameters_that_its_config_drops():
    (huber,) = describe_loss(keras.losses.Huber(delta=3.0))
    (cosine,) = describe_loss(keras.losses.CosineSimilarity(axis=0))
    assert (huber["class"], huber["config"]["delta"]) == ("Huber", 3.0)
    assert cosine["config"]["axis"] == 0


@pytest.mark.parametrize("loss", [own_loss, OwnLoss()])
def test_a_loss_of_the_users_own_is_told_with_its_source(loss):
    (facts,) = describe_loss(loss)
    assert facts["custom"]
    assert "test_describe.py:" in facts["source"]


@pytest.mark.parametrize("loss", ["mse", keras.losses.MeanSquaredError()])
def test_a_loss_of_keras_is_no_custom_one(loss):
    assert [facts["custom"] for facts in describe_loss(loss)] == [False]


def test_each_output_has_its_loss():
    facts = describe_loss({"price": "mse", "kind": keras.losses.BinaryCrossentropy()})
    assert [loss["output"] for loss in facts] == ["price", "kind"]
    assert len(describe_loss(["mse", "mae"])) == 2
    assert describe_loss(None) == []


def test_an_optimizer_is_told_below_its_loss_scaling():
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.5, epsilon=0.0))
    facts = describe_optimizer(scaled)
    assert (facts["class"], facts["learning_rate"]) == ("Adam", 0.5)
    assert facts["config"]["epsilon"] == 0.0
    assert is_loss_scaled(mlp(optimizer=scaled))


def test_a_schedule_is_told_in_place_of_the_rate():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    facts = describe_optimizer(keras.optimizers.SGD(schedule))
    assert facts["learning_rate"] is None
    assert facts["schedule"]["config"]["initial_learning_rate"] == pytest.approx(0.1)
    assert describe_optimizer(None) == {}


def test_a_batch_is_told_by_shapes_and_types():
    x = {"a": np.zeros((8, 3), "float32"), "b": np.zeros((8,), "int64")}
    facts = describe_batch((x, tf.zeros((8, 1))))
    assert facts["batch_size"] == 8
    assert facts["data"]["inputs"] == [
        {"shape": [8, 3], "dtype": "float32"},
        {"shape": [8], "dtype": "int64"},
    ]
    assert facts["data"]["sample_weights"] == []


def test_what_cannot_be_told_of_the_data_is_left_out():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x[:, 99])])
    facts = describe_data(model, (np.zeros((8, 3), "float32"), np.zeros(8)))
    assert facts["outputs"] == []
    assert facts["batch_size"] == 8
    assert facts["model"]["parameters"] == 0
