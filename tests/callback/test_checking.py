"""`nanwatch.check`: what would go wrong, from real models and data, with nothing changed."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import nanwatch
from fits import state_of

RANDOM = np.random.default_rng(7)
X = RANDOM.normal(size=(96, 4)).astype("float32")
AMOUNT = (X @ np.array([[1.0], [-2.0], [0.5], [0.0]])).astype("float32")
YES = (X[:, 0] > 0).astype("int64")
CLASS = np.argmax(X[:, :3], axis=1)


def model(*tail, loss="mse", optimizer="adam", **compiled):
    """A network with dropout and batch statistics that ends in `tail`."""
    keras.utils.set_random_seed(7)
    body = [layers.Dense(8, "relu"), layers.BatchNormalization(), layers.Dropout(0.3)]
    made = keras.Sequential([keras.Input((4,)), *body, *tail])
    made.compile(optimizer, loss, **compiled)
    return made


def with_cell(array, row, value):
    spoilt = array.copy()
    spoilt[row] = value
    return spoilt


def labels_of(found):
    return [diagnosis.label for diagnosis in found]


SOUND = {
    "regression": (lambda: model(layers.Dense(1)), AMOUNT),
    "yes or no": (lambda: model(layers.Dense(1, "sigmoid"), loss="binary_crossentropy"), YES),
    "scores": (
        lambda: model(
            layers.Dense(3), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        ),
        CLASS,
    ),
    "one-hot": (
        lambda: model(layers.Dense(3, "softmax"), loss="categorical_crossentropy"),
        np.eye(3)[CLASS],
    ),
    "counts": (lambda: model(layers.Dense(1, "softplus"), loss="poisson"), np.abs(AMOUNT).round()),
    "directions": (lambda: model(layers.Dense(4), loss="cosine_similarity"), X),
    "squared sigmoid": (lambda: model(layers.Dense(1, "sigmoid")), YES),
}


@pytest.mark.parametrize(("make", "y"), SOUND.values(), ids=SOUND)
def test_a_sound_training_has_no_findings(make, y):
    assert nanwatch.check(make(), X, y) == []


CERTAIN = {
    "nan_in_features": (lambda: model(layers.Dense(1)), with_cell(X, (80, 2), math.nan), AMOUNT),
    "inf_in_labels": (lambda: model(layers.Dense(1)), X, with_cell(AMOUNT, 80, math.inf)),
    "loss_domain_violation": (
        lambda: model(
            layers.Dense(1, bias_initializer=keras.initializers.Constant(-9.0)), loss="poisson"
        ),
        X,
        np.abs(AMOUNT).round(),
    ),
}


@pytest.mark.parametrize(("label", "case"), CERTAIN.items(), ids=CERTAIN)
def test_certain_harm_is_a_warning(label, case):
    make, x, y = case
    first = nanwatch.check(make(), x, y)[0]
    assert (first.severity, first.symptom, first.label) == ("warning", "nan_loss", label)
    assert first.first_step is None


POSSIBLE = {
    "logits_mismatch": (
        lambda: model(layers.Dense(3), loss="sparse_categorical_crossentropy"),
        CLASS,
    ),
    "wrong_output_activation": (lambda: model(layers.Dense(1, "sigmoid")), AMOUNT),
    "wrong_loss_for_task": (
        lambda: model(layers.Dense(1, "sigmoid"), loss="binary_crossentropy"),
        CLASS,
    ),
    "regularization_too_strong": (
        lambda: model(
            layers.Dense(1, kernel_regularizer=keras.regularizers.L2(1.0)),
            optimizer=keras.optimizers.SGD(3.0),
        ),
        AMOUNT,
    ),
}


@pytest.mark.parametrize(("label", "case"), POSSIBLE.items(), ids=POSSIBLE)
def test_what_may_do_harm_is_information(label, case):
    make, y = case
    (found,) = nanwatch.check(make(), X, y)
    assert (found.severity, found.label) == ("info", label)


def test_rows_at_fault_are_told_by_their_place_in_the_data():
    (found,) = nanwatch.check(model(layers.Dense(1)), with_cell(X, (80, 2), math.nan), AMOUNT)
    assert found.causes[0].where["rows"] == [80]
    assert found.causes[0].where["samples"] == [80]


def test_a_step_that_raises_is_a_warning():
    classes = model(layers.Dense(3, "softmax"), loss="categorical_crossentropy")
    assert nanwatch.check(classes, X, CLASS)[0].symptom == "exception"


def test_weights_that_are_not_finite_are_found():
    first = nanwatch.check(
        model(layers.Dense(1)), X, AMOUNT, sample_weight=with_cell(np.ones(96), 3, math.nan)
    )[0]
    assert (first.severity, first.label) == ("warning", "nan_in_sample_weight")
    spoilt = model(layers.Dense(1, "sigmoid"), loss="binary_crossentropy")
    assert nanwatch.check(spoilt, X, YES, class_weight={0: 1.0, 1: math.nan})


@pytest.mark.parametrize("x", [X, with_cell(X, (3, 0), math.nan)], ids=["sound", "spoilt"])
def test_the_model_stays_as_it_is_bit_by_bit(x):
    used = model(layers.Dense(1), metrics=["mae"])
    used.fit(X, AMOUNT, epochs=1, verbose=0)
    before = state_of(used), [np.asarray(v) for v in used.metrics_variables]
    nanwatch.check(used, x, AMOUNT)
    assert state_of(used) == before[0]
    np.testing.assert_array_equal([np.asarray(v) for v in used.metrics_variables], before[1])


def test_a_checked_model_trains_like_one_that_was_not():
    runs = []
    for checked in (True, False):
        made = model(layers.Dense(1))
        if checked:
            nanwatch.check(made, X, AMOUNT)
        runs.append(made.fit(X, AMOUNT, epochs=2, verbose=0, shuffle=False).history["loss"])
    assert runs[0] == runs[1]


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, at):
        part = slice(32 * at, 32 * at + 32)
        return with_cell(X, (40, 1), math.nan)[part], AMOUNT[part]


def streams():
    x = with_cell(X, (40, 1), math.nan)
    parts = [(x[at : at + 32], AMOUNT[at : at + 32]) for at in range(0, 96, 32)]
    return {
        "tf.data": tf.data.Dataset.from_tensor_slices((x, AMOUNT)).batch(32),
        "PyDataset": Batches(),
        "generator": (part for part in parts),
    }


@pytest.mark.parametrize("kind", ["tf.data", "PyDataset", "generator"])
def test_the_first_batches_of_a_stream_are_looked_at(kind):
    assert labels_of(nanwatch.check(model(layers.Dense(1)), streams()[kind])) == ["nan_in_features"]


def test_a_model_that_is_not_compiled_cannot_be_checked():
    with pytest.raises(ValueError, match=r"model\.compile"):
        nanwatch.check(keras.Sequential([layers.Dense(1)]), X, AMOUNT)


def test_a_target_that_is_stretched_over_every_step_is_told():
    x = np.random.default_rng(0).normal(size=(64, 10, 1)).astype("float32")
    cell = keras.layers.LSTM(4, return_sequences=True)
    model = keras.Sequential([keras.Input((10, 1)), cell, keras.layers.Dense(1)])
    model.compile("adam", "mse")
    (found,) = nanwatch.check(model, x, x.sum(axis=1))
    assert (found.severity, found.label) == ("info", "shape_broadcast_bug")
