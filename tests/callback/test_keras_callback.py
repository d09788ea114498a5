"""`NanWatch` in real fits: the first cause is right, healthy trainings stay quiet, and nothing
that goes wrong in here reaches the user's fit.
"""

import math
import threading

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_digits

from fits import is_finite, mlp, noisy_mlp, state_of, table
from nanwatch import NanWatch
from nanwatch.events import RunEnded
from stored import kinds_of, series_of

SGD, Adam = keras.optimizers.SGD, keras.optimizers.Adam


@pytest.fixture(autouse=True)
def offline(home, unhurried, monkeypatch):
    """An empty data folder in which runs are only kept."""
    monkeypatch.setenv("NANWATCH_MODE", "offline")
    return home


def watch_fit(model, x, y=None, epochs=1, **options):
    watch = NanWatch(**{"verbose": 0, **options})
    fit = {"batch_size": 16, "shuffle": False, "verbose": 0, "epochs": epochs}
    model.fit(x, y, callbacks=[watch], **fit)
    return watch


def spoilt(value=math.nan):
    x, y = table()
    x[40, 1] = value
    return x, y


def diabetes():
    return load_diabetes(return_X_y=True, scaled=False)


def penalised():
    keras.utils.set_random_seed(7)
    dense = keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(300.0))
    model = keras.Sequential([keras.Input((4,)), dense])
    model.compile(SGD(0.01), "mse")
    return model, *table()


def exploding():
    keras.utils.set_random_seed(7)
    large = keras.initializers.Orthogonal(gain=1.3, seed=1)
    recurrent = keras.layers.SimpleRNN(8, activation=None, recurrent_initializer=large)
    model = keras.Sequential([keras.Input((60, 2)), recurrent, keras.layers.Dense(1)])
    model.compile(SGD(0.01), "mse")
    x = np.random.default_rng(7).normal(size=(64, 60, 2)).astype("float32")
    return model, x, x.mean(axis=1)[:, :1]


def dead_column():
    x, y = table()
    x[:, 0] = 0.0
    return x, y


PROGRAMS = {
    "nan_in_features": (lambda: (mlp(), *spoilt()), 2),
    "inf_in_features": (lambda: (mlp(optimizer="adam"), *spoilt(math.inf)), 2),
    "nan_in_labels": (lambda: (mlp(), table()[0], np.where(np.arange(64) == 20, np.nan, 0.0)), 1),
    "unscaled_features": (lambda: (mlp(10, SGD(0.01), hidden=()), *diabetes()), None),
    "unscaled_targets": (lambda: (mlp(), table()[0], 1e5 * table()[1] + 3e5), None),
    "regularization_too_strong": (penalised, None),
    "optimizer_misconfigured": (lambda: (mlp(optimizer=Adam(epsilon=0.0)), *dead_column()), 0),
    "exploding_gradients": (exploding, None),
    "lr_too_high": (lambda: (mlp(optimizer=SGD(5.0)), *table()), None),
}


@pytest.mark.parametrize("label", PROGRAMS)
def test_the_first_cause_is_right_and_its_fix_verified(label):
    program, first_step = PROGRAMS[label]
    model, x, y = program()
    watch = watch_fit(model, x, y, epochs=20)
    assert watch.diagnoses
    assert {diagnosis.label for diagnosis in watch.diagnoses} == {label}
    first = watch.diagnoses[-1].causes[0]
    assert (first.verified, first.confidence >= 0.5) == (True, True)
    if first_step is not None:
        assert watch.diagnoses[0].first_step == first_step
    assert is_finite(model)


def test_rows_samples_and_columns_are_named():
    x, y = spoilt()
    frame = pd.DataFrame(x, columns=["age", "bmi", "bp", "s1"])
    watch = NanWatch(verbose=0)
    mlp().fit(frame, y, batch_size=16, epochs=2, verbose=0, callbacks=[watch])
    where = watch.diagnoses[0].causes[0].where
    assert (where["samples"], where["columns"], where["column_names"]) == ([40], [1], ["bmi"])
    assert (where["epoch"], where["batch"]) == (0, watch.diagnoses[0].first_step)


class MaskNaN(keras.layers.Layer):
    """Takes missing values for zero, on purpose."""

    def call(self, x):
        return keras.ops.where(keras.ops.isnan(x), 0.0, x)


def masking():
    model = keras.Sequential([keras.Input((4,)), MaskNaN(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model, *spoilt()


def digits():
    x, y = load_digits(return_X_y=True)
    model = keras.Sequential(
        [keras.Input((64,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(10, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, x[:640] / 16, y[:640]


def nan_metric():
    def undefined(a, b):
        return keras.ops.log(-keras.ops.mean(keras.ops.abs(a - b)))

    return mlp(metrics=[undefined]), *table()


def half_precision():
    dense = keras.layers.Dense(8, "relu", dtype="mixed_float16")
    model = keras.Sequential([keras.Input((4,)), dense, keras.layers.Dense(1)])
    model.compile(keras.optimizers.LossScaleOptimizer(Adam(), initial_scale=2.0**20), "mse")
    return model, *table()


HEALTHY = {
    "well scaled": lambda: (mlp(optimizer="adam"), *table()),
    "digits": digits,
    "half precision": half_precision,
    "a metric that is NaN by design": nan_metric,
    "huge but falling": lambda: (mlp(optimizer=Adam(0.1)), table()[0], 1e6 * table()[1]),
    "missing values masked": masking,
    "dropout and batch norm": lambda: (noisy_mlp(), *table()),
    "a loss below zero": lambda: (mlp(loss=lambda a, b: -keras.ops.mean(a * b)), *table()),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_training_draws_no_warning(name):
    found = watch_fit(*HEALTHY[name](), epochs=5).diagnoses
    assert [diagnosis for diagnosis in found if diagnosis.severity != "info"] == []


def test_batches_of_one_are_noisy_and_healthy():
    x, y = table()
    watch = NanWatch(verbose=0)
    mlp(optimizer="adam").fit(x, y, batch_size=1, epochs=2, verbose=0, callbacks=[watch])
    assert watch.diagnoses == []


def test_validation_data_alone_can_be_bad():
    x, y = table()
    watch = NanWatch(verbose=0)
    mlp(hidden=()).fit(x, y, validation_data=(x * math.nan, y), verbose=0, callbacks=[watch])
    assert [diagnosis.symptom for diagnosis in watch.diagnoses] == ["nan_val_only"]


@pytest.mark.parametrize(("wish", "steps"), [("stop", 3), ("skip", 8), ("record", 8)])
def test_the_fit_ends_or_goes_on_as_its_user_wished(offline, wish, steps, capsys):
    model = noisy_mlp()
    watch = watch_fit(model, *spoilt(), epochs=2, on_nonfinite=wish, verbose=1)
    said = capsys.readouterr().err
    assert ("the fit stops at step 2" in said) == (wish == "stop")
    assert ("2 of 8 updates were not finite" in said) == (wish == "skip")
    assert len(series_of(offline, watch.run_id, "batch/loss")) == steps
    assert is_finite(model) == (wish != "record")
    assert [d.label for d in watch.diagnoses] == ["nan_in_features"]


def test_weights_lost_to_an_update_are_brought_back():
    model = mlp(optimizer=Adam(epsilon=0.0))
    before = state_of(model)[: len(model.weights)]
    watch_fit(model, *dead_column())
    assert state_of(model)[: len(before)] == before


def test_an_exception_of_the_step_is_the_users_own(offline):
    x, _ = table()
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    labels = np.where(np.arange(64) == 40, 7, 1)
    watch = NanWatch(verbose=0)
    with pytest.raises(Exception, match="valid range"):
        model.fit(x, labels, batch_size=16, shuffle=False, verbose=0, callbacks=[watch])
    (diagnosis,) = watch.diagnoses
    assert (diagnosis.symptom, diagnosis.first_step) == ("exception", 2)
    (end,) = kinds_of(offline, watch.run_id, RunEnded)
    assert end.state == "failed"
    assert "valid range" in end.reason


def test_a_fit_in_a_thread_is_watched(offline):
    watch = NanWatch(verbose=0)
    x, y = spoilt()
    fit = {"batch_size": 16, "shuffle": False, "verbose": 0, "callbacks": [watch]}
    thread = threading.Thread(target=mlp().fit, args=(x, y), kwargs=fit)
    thread.start()
    thread.join()
    assert [(d.label, d.first_step) for d in watch.diagnoses] == [("nan_in_features", 2)]


def test_two_fits_with_one_callback_are_two_runs(offline):
    model, watch, runs = mlp(), NanWatch(verbose=0), []
    for data in (spoilt(), table()):
        model.fit(*data, batch_size=16, shuffle=False, verbose=0, callbacks=[watch])
        runs.append((watch.run_id, len(watch.diagnoses)))
    assert [found for _, found in runs] == [1, 0]
    for run_id, _ in runs:
        assert [end.state for end in kinds_of(offline, run_id, RunEnded)] == ["finished"]


@pytest.mark.parametrize("probes", ["light", "off"])
def test_lighter_probes_still_see_the_failure(probes):
    watch = watch_fit(mlp(hidden=()), *spoilt(), probes=probes)
    (diagnosis,) = watch.diagnoses
    assert (diagnosis.symptom, diagnosis.first_step) == ("nan_loss", 2)
    assert diagnosis.label == ("nan_in_features" if probes == "light" else "unknown")
    assert all(cause.verified is None for cause in diagnosis.causes)


def test_a_disabled_callback_does_nothing(offline):
    model, x, y = mlp(), *table()
    own = model.make_train_function() or model.train_function
    watch = watch_fit(model, x, y, mode="disabled")
    assert (watch.run_id, watch.url, watch.diagnoses) == (None, None, [])
    assert model.train_function is own
    assert not offline.exists()


def test_an_unwritable_folder_costs_the_record_and_not_the_training(tmp_path, monkeypatch, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    monkeypatch.setenv("NANWATCH_DIR", str(blocked / "below"))
    watch = watch_fit(mlp(), *spoilt(), verbose=1)
    assert [d.label for d in watch.diagnoses] == ["nan_in_features"]
    said = capsys.readouterr().err
    assert "are lost: neither the disk nor a server took them" in said
    assert "is kept in" not in said


class Undescribed(SGD):
    """An optimizer of the user's own that cannot tell its settings."""

    def get_config(self):
        raise NotImplementedError("not needed so far")


def test_what_cannot_be_described_is_watched_all_the_same():
    model = mlp(optimizer=Undescribed(0.01), hidden=())
    watch = watch_fit(model, *spoilt(), on_nonfinite="rollback")
    assert [d.label for d in watch.diagnoses] == ["nan_in_features"]
    assert is_finite(model)


def test_a_nan_that_a_relu_swallows_is_seen_in_the_gradients(offline):
    watch = watch_fit(mlp(), *spoilt())
    (diagnosis,) = watch.diagnoses
    assert (diagnosis.first_step, diagnosis.fault) == (2, "gradient")
    assert math.isfinite(series_of(offline, watch.run_id, "batch/loss")[2])
    assert math.isnan(series_of(offline, watch.run_id, "batch/grad_norm")[2])


def test_weights_that_an_update_spoils_are_named(capsys):
    x, y = table()
    x[:, 0] = 0.0
    watch = watch_fit(mlp(optimizer=Adam(epsilon=0.0), hidden=()), x, y, verbose=1)
    assert [found.fault for found in watch.diagnoses] == ["weights"]
    assert "the weights are not finite at step 0 (epoch 1, batch 0)" in capsys.readouterr().err


def test_the_terminal_tells_cause_and_place_unless_asked_to_be_quiet(capsys):
    watch_fit(mlp(), *spoilt(), verbose=1)
    loud = capsys.readouterr().err
    assert "the gradient is not finite at step 2 (epoch 1, batch 2)" in loud
    assert "nan_in_features" in loud
    watch_fit(mlp(), *spoilt(), verbose=0)
    assert "nan_in_features" not in capsys.readouterr().err


def test_it_is_a_callback_of_keras():
    assert isinstance(NanWatch(mode="disabled"), keras.callbacks.Callback)
