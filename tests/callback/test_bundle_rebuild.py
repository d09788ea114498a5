"""The model of a bundle: rebuilt by Keras in its safe mode, or one's own brought to its state."""

import math

import keras
import numpy as np
import pytest

from fits import mlp, state_of, table
from nanwatch import BundleError, NanWatch, load_bundle


@pytest.fixture(autouse=True)
def offline(home, unhurried, monkeypatch):
    """An empty data folder in which runs are only kept."""
    monkeypatch.setenv("NANWATCH_MODE", "offline")


def failed(model, path):
    """The opened bundle of a fit whose third batch holds a NaN."""
    x, y = table()
    x[40, 1] = math.nan
    watch = NanWatch(verbose=0)
    model.fit(x, y, batch_size=16, shuffle=False, verbose=0, callbacks=[watch])
    return load_bundle(watch.save_bundle(path / "f.zip"))


class Doubled(keras.layers.Layer):
    """A layer that only its author has."""

    def call(self, x):
        return 2 * x


class Secretive(keras.Model):
    """A model that cannot be written as JSON."""

    def __init__(self, width):
        super().__init__()
        self.inner = keras.layers.Dense(width)

    def call(self, x):
        return self.inner(x)

    def get_config(self):
        raise NotImplementedError


def sequential(*layers):
    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def secretive(width=1):
    keras.utils.set_random_seed(7)
    model = Secretive(width)
    model.compile("adam", "mse")
    return model


def test_own_classes_are_named(tmp_path):
    bundle = failed(sequential(Doubled()), tmp_path)
    with pytest.raises(BundleError, match="custom_objects"):
        bundle.model()
    model = bundle.model(custom_objects={"Doubled": Doubled})
    assert math.isnan(model.train_on_batch(*bundle.batch))


def test_code_that_hides_in_a_bundle_is_not_run(tmp_path):
    bundle = failed(sequential(keras.layers.Lambda(lambda x: x + 1)), tmp_path)
    with pytest.raises(BundleError, match="could not rebuild the model"):
        bundle.model()


def test_a_model_without_json_is_built_by_its_author(tmp_path):
    original = secretive()
    bundle = failed(original, tmp_path)
    with pytest.raises(BundleError, match=r"call bundle.restore\(model\)"):
        bundle.model()
    model = bundle.restore(secretive())
    assert state_of(model) == state_of(original)
    assert math.isnan(model.train_on_batch(*bundle.batch))


def test_another_model_is_refused(tmp_path):
    bundle = failed(mlp(), tmp_path)
    with pytest.raises(BundleError, match="the model is another one: 4 variables were kept"):
        bundle.restore(mlp(hidden=(5,)))


def test_a_config_that_is_no_model_is_refused(tmp_path):
    bundle = failed(mlp(), tmp_path)
    bundle._architecture = keras.saving.serialize_keras_object(keras.layers.Dense(1))
    with pytest.raises(BundleError, match="Dense is no model"):
        bundle.model()
    bundle._architecture = [1]
    with pytest.raises(BundleError, match="could not rebuild"):
        bundle.model()


def test_a_compile_of_ones_own_is_not_passed_over_in_silence(tmp_path):
    class Own(keras.Sequential):
        def compile(self, *args, **kwargs):
            super().compile(*args, **kwargs)

    keras.utils.set_random_seed(7)
    model = Own([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    bundle = failed(model, tmp_path)
    with pytest.raises(BundleError, match="not called as part of model loading"):
        bundle.model(custom_objects={"Own": Own})


def test_half_precision_with_a_loss_scale_is_rebuilt(tmp_path):
    policy = keras.DTypePolicy("mixed_float16")
    keras.utils.set_random_seed(7)
    layers = [keras.Input((4,)), keras.layers.Dense(8, dtype=policy), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()), "mse")
    bundle = failed(model, tmp_path)
    rebuilt = bundle.model()
    assert isinstance(rebuilt.optimizer, keras.optimizers.LossScaleOptimizer)
    assert np.array_equal(rebuilt.get_weights()[0], model.get_weights()[0])
    assert math.isnan(rebuilt.train_on_batch(*bundle.batch))
