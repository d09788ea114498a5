"""What lies round the steps: whole data sets, validations, exceptions and single bad batches."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from fits import mlp, table
from nanwatch import NanWatch


@pytest.fixture(autouse=True)
def offline(home, unhurried, monkeypatch):
    monkeypatch.setenv("NANWATCH_MODE", "offline")


def watched(model, *data, **fit):
    watch = NanWatch(verbose=0)
    model.fit(*data, callbacks=[watch], **{"batch_size": 16, "shuffle": False, "verbose": 0, **fit})
    return [found for found in watch.diagnoses if found.severity != "info"]


def raised(model, x, y):
    """The diagnosis of a fit that raises."""
    watch = NanWatch(verbose=0)
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        model.fit(x, y, batch_size=16, shuffle=False, verbose=0, callbacks=[watch])
    return watch.diagnoses[-1]


def classifier(units=4, loss="sparse_categorical_crossentropy"):
    keras.utils.set_random_seed(7)
    layers = [keras.Input((4,)), keras.layers.Dense(units, "softmax", name="kind")]
    model = keras.Sequential(layers)
    model.compile("adam", loss)
    return model


def test_bad_validation_data_are_named_with_their_rows():
    x, y = table()
    worse = x.copy()
    worse[41, 2] = math.nan
    (found,) = watched(mlp(hidden=()), x, y, validation_data=(worse, y), epochs=2)
    assert (found.symptom, found.first_step, found.label) == (
        "nan_val_only",
        3,
        "nan_in_validation_data",
    )
    assert (found.causes[0].where["rows"], found.causes[0].where["columns"]) == ([41], [2])


def test_a_validation_that_fails_without_bad_data_blames_none():
    x, y = table()

    def root(y_true, y_pred):
        return keras.ops.mean((y_true - y_pred) ** 2) + keras.ops.sqrt(60.0 + y_pred)

    (found,) = watched(mlp(hidden=(), loss=root), x, y * 0.1, validation_data=(x * 1e3, y))
    assert found.symptom == "nan_val_only"
    assert "nan_in_validation_data" not in [cause.label for cause in found.causes]


def test_a_label_out_of_range_is_named_with_its_row_and_the_units_needed():
    x, _ = table()
    y = np.arange(64) % 4
    y[37] = 6
    found = raised(classifier(), x, y)
    assert (found.symptom, found.first_step, found.label) == ("exception", 2, "label_out_of_range")
    assert found.causes[0].where["rows"] == [5]
    assert "Dense(7" in found.causes[0].fix.code


def test_labels_that_begin_at_one_are_shifted_and_that_is_tried():
    x, _ = table()
    found = raised(classifier(), x, np.arange(64) % 4 + 1)
    assert (found.first_step, found.label, found.causes[0].verified) == (
        0,
        "label_out_of_range",
        True,
    )
    assert "y - 1" in found.causes[0].fix.code


def test_class_numbers_under_a_loss_of_one_hot_rows_are_named():
    x, _ = table()
    found = raised(classifier(loss="categorical_crossentropy"), x, np.arange(64) % 4)
    assert (found.first_step, found.label) == (0, "label_shape_mismatch")
    assert "num_classes=4" in found.causes[0].fix.code


def test_an_id_outside_of_the_table_is_named_with_its_layer():
    ids = np.arange(256).reshape(64, 4) % 50
    ids[40, 1] = 50
    layers = [keras.Input((4,)), keras.layers.Embedding(50, 2, name="words")]
    model = keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    found = raised(model, ids, np.ones((64, 1)))
    assert (found.first_step, found.label) == (2, "index_out_of_range")
    assert (found.causes[0].where["layer"], found.causes[0].where["rows"]) == ("words", [8])


def test_the_users_own_mistake_has_no_cause_of_ours():
    x, y = table()

    def stream():
        for at in (0, 16, 32):
            yield x[at : at + 16], y[at : at + 16]
        raise RuntimeError("disk gone")

    watch = NanWatch(verbose=0)
    with pytest.raises(tf.errors.UnknownError):
        mlp().fit(stream(), steps_per_epoch=4, verbose=0, shuffle=False, callbacks=[watch])
    assert (watch.diagnoses[-1].symptom, watch.diagnoses[-1].causes) == ("exception", ())


def stream_of(spoil, at=13):
    """Batches of a stream; `spoil` makes one of them bad."""
    x, y = table(160)
    batches = [(x[i : i + 16], y[i : i + 16]) for i in range(0, 160, 16)] * 3
    batches[at] = spoil(*batches[at])
    yield from batches


@pytest.mark.parametrize(
    ("spoil", "symptom"),
    [(lambda x, y: (x, y * math.nan), "nan_loss"), (lambda x, y: (x * 1e4, y), "loss_spike")],
)
def test_one_bad_batch_of_a_stream_is_corrupt(spoil, symptom):
    found = watched(mlp(optimizer="adam"), stream_of(spoil), steps_per_epoch=10, epochs=3)
    first = found[0]
    assert (first.symptom, first.first_step, first.label) == (symptom, 13, "corrupt_batch")


def test_a_spike_is_told_when_its_batch_shows_why():
    x, y = table(640)
    y[450] = 1e4
    (found, *_) = watched(mlp(optimizer="adam"), x, y)
    assert (found.symptom, found.severity, found.first_step) == ("loss_spike", "warning", 28)
    assert (found.label, found.causes[0].where["rows"]) == ("extreme_outlier", [2])
    assert found.causes[0].verified


def test_a_spike_of_an_ordinary_batch_is_left_in_peace():
    found = watched(
        mlp(optimizer="adam"), stream_of(lambda x, y: (x * 6, y)), steps_per_epoch=10, epochs=3
    )
    assert found == []


def test_a_class_weight_is_blamed_before_the_weights_of_rows():
    x, _ = table()
    weights = {0: 1.0, 1: 1.0, 2: 1.0, 3: math.inf}
    (found, *_) = watched(classifier(), x, np.arange(64) % 4, class_weight=weights)
    assert (found.label, found.causes[0].verified) == ("bad_class_weight", True)
