"""Bundles opened elsewhere: the failing step fails again, bit by bit, also in another process."""

import hashlib
import json
import math
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from fits import batches_of, losses_alone, mlp, noisy_mlp, table
from nanwatch import BundleError, NanWatch, load_bundle
from nanwatch.bundle import archive

REPEAT = """
import hashlib, json, sys
import nanwatch
bundle = nanwatch.load_bundle(sys.argv[1])
assert "keras" not in sys.modules
model = bundle.model()
held = [*model.variables, *model.optimizer.variables]
state = hashlib.sha256(b"".join(v.numpy().tobytes() for v in held)).hexdigest()
loss = float(model.train_on_batch(*bundle.batch))
print(json.dumps({"step": bundle.step, "state": state, "loss": loss.hex()}))
"""


@pytest.fixture(autouse=True)
def offline(home, unhurried, monkeypatch):
    """An empty data folder in which runs are only kept."""
    monkeypatch.setenv("NANWATCH_MODE", "offline")


def failed(model, data, y=None, path=None, fit=None, **options):
    """The opened bundle of a fit that went wrong."""
    watch = NanWatch(**{"verbose": 0, **options})
    how = {"batch_size": 16, "shuffle": False, "verbose": 0, **(fit or {})}
    if isinstance(data, tf.data.Dataset):
        del how["batch_size"]
    model.fit(data, y, callbacks=[watch], **how)
    return load_bundle(watch.save_bundle(path))


def spoilt(row=40):
    x, y = table()
    x[row, 1] = math.nan
    return x, y


def repeated(path):
    """The failing step in a process of its own."""
    command = [sys.executable, "-c", REPEAT, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def digest(model):
    held = [*model.variables, *model.optimizer.variables]
    return hashlib.sha256(b"".join(v.numpy().tobytes() for v in held)).hexdigest()


def test_a_nan_is_born_again_at_the_same_step_in_another_process(tmp_path):
    twin = noisy_mlp()
    twin.fit(*(part[:32] for part in spoilt()), batch_size=16, shuffle=False, verbose=0)
    path = tmp_path / "failure.zip"
    failed(noisy_mlp(), *spoilt(), path=path)
    again = repeated(path)
    assert (again["step"], again["loss"]) == (2, "nan")
    assert again["state"] == digest(twin)


def test_a_finite_loss_that_exploded_is_the_same_to_the_last_bit_in_another_process(tmp_path):
    sgd = keras.optimizers.SGD
    path = tmp_path / "failure.zip"
    bundle = failed(mlp(optimizer=sgd(0.9), hidden=()), *table(), path=path, fit={"epochs": 8})
    assert bundle.diagnosis.symptom == "exploding_loss"
    alone = losses_alone(mlp(optimizer=sgd(0.9), hidden=()), batches_of(*table()) * 8)
    again = repeated(path)
    assert again["step"] == bundle.diagnosis.first_step
    assert float.fromhex(again["loss"]) == alone[again["step"]]


def test_words_survive(tmp_path):
    words = np.array(["sun", "rain", "sun \0", "snöw"] * 4, object)[:, None]
    lookup = keras.layers.StringLookup(vocabulary=["sun", "rain"], output_mode="one_hot")
    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input((1,), dtype="string"), lookup, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    y = np.where(np.arange(16) == 5, np.nan, 0.0)
    data = tf.data.Dataset.from_tensor_slices((words.astype(str), y)).batch(8)
    bundle = failed(model, data, path=tmp_path / "f.zip")
    assert bundle.batch[0][3, 0].decode() == "snöw"
    assert math.isnan(bundle.model().train_on_batch(*bundle.batch))


def test_sparse_batches_survive(tmp_path):
    x = np.eye(16, 4, dtype="float32")
    x[2, 1] = np.nan
    data = tf.data.Dataset.from_tensors((tf.sparse.from_dense(x), np.zeros((16, 1), "float32")))
    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input((4,), sparse=True), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    bundle = failed(model, data, path=tmp_path / "f.zip")
    assert np.array_equal(tf.sparse.to_dense(bundle.batch[0]), x, equal_nan=True)
    assert math.isnan(bundle.model().train_on_batch(*bundle.batch))


def test_half_precision_survives(tmp_path):
    dtype = keras.DTypePolicy("bfloat16")
    keras.utils.set_random_seed(7)
    layers = [keras.Input((4,), dtype="bfloat16"), keras.layers.Dense(1, dtype=dtype)]
    model = keras.Sequential(layers)
    model.compile("adam", "mse")
    x, y = spoilt(row=3)
    data = tf.data.Dataset.from_tensors((tf.cast(x, tf.bfloat16), tf.cast(y, tf.bfloat16)))
    bundle = failed(model, data, path=tmp_path / "f.zip")
    assert bundle.batch[0].dtype.name == "bfloat16"
    assert [a.n_nan for a in bundle.contents()][:2] == [1, 0]
    assert math.isnan(bundle.model().train_on_batch(*bundle.batch))


def test_names_of_inputs_survive(tmp_path):
    inputs = {name: keras.Input((4,), name=name) for name in ("age", "..bmi")}
    outputs = keras.layers.Dense(1)(keras.layers.Concatenate()(list(inputs.values())))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse")
    x, y = spoilt(row=3)
    bundle = failed(model, {"age": x, "..bmi": x}, y, path=tmp_path / "f.zip")
    assert set(bundle.batch[0]) == {"age", "..bmi"}
    assert not any(".." in name for name in bundle.arrays)
    assert math.isnan(bundle.model().train_on_batch(*bundle.batch))


def test_several_steps_an_execution_are_repeated_one_by_one(tmp_path):
    model = mlp(hidden=(), steps_per_execution=2)
    bundle = failed(model, *spoilt(), path=tmp_path / "f.zip")
    assert math.isnan(bundle.model().train_on_batch(*bundle.batch))
    assert bundle.step == 2


def test_what_is_inside_is_told_array_by_array(tmp_path):
    bundle = failed(mlp(hidden=()), *spoilt(), path=tmp_path / "f.zip")
    x, y, kernel, *_ = bundle.contents()
    assert (x.name, x.shape, x.dtype) == ("batches/2/x", (16, 4), "float32")
    assert (x.n_nan, x.n_inf, x.nbytes) == (1, 0, 256)
    assert (y.name, y.n_nan) == ("batches/2/y", 0)
    assert kernel.name.endswith("/kernel")


def test_numpy_alone_opens_it(tmp_path):
    failed(mlp(hidden=()), *spoilt(), path=tmp_path / "f.zip")
    with np.load(tmp_path / "f.zip", allow_pickle=False) as arrays:
        assert np.isnan(arrays["batches/2/x"]).sum() == 1


def test_only_its_user_can_read_it(tmp_path):
    failed(mlp(hidden=()), *spoilt(), path=tmp_path / "f.zip")
    assert (tmp_path / "f.zip").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.glob("*.zip*")] == ["f.zip"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"version": 2}, "newer version"),
        ({"step": 99}, "do not fit"),
        ({"format": "else"}, "no bundle"),
        ({"batches": []}, "do not fit"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(change, why, tmp_path):
    path = tmp_path / "f.zip"
    failed(mlp(hidden=()), *spoilt(), path=path)
    texts, arrays = archive.read(path)
    archive.write(path, {**texts, "manifest.json": {**texts["manifest.json"], **change}}, arrays)
    with pytest.raises(BundleError, match=why):
        load_bundle(path)
