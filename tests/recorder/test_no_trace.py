"""What the recorder leaves behind in a model and in what is saved of it: nothing."""

import pickle
import subprocess
import sys

import keras
import numpy as np
import pytest

from fits import Recording, noisy_mlp, recorded, table
from nanwatch.recorder.seen import MARK
from recorder import own_steps

X, Y = table()


class Copying(keras.callbacks.Callback):
    """Copies the model in every way that Keras has, in the middle of its fit."""

    def __init__(self, folder, hook):
        super().__init__()
        self.folder = folder
        self.copies = {}
        setattr(self, hook, self.copy)

    def copy(self, index, logs=None):
        if self.copies:
            return
        model, folder = self.model, self.folder
        model.save(folder / "model.keras")
        model.save_weights(folder / "model.weights.h5")
        model.export(folder / "exported", verbose=False)
        (folder / "model.json").write_text(model.to_json())
        (folder / "model.pickle").write_bytes(pickle.dumps(model))
        self.copies["cloned"] = keras.models.clone_model(model)
        self.copies["pickled"] = pickle.loads((folder / "model.pickle").read_bytes())  # noqa: S301
        self.copies["loaded"] = keras.models.load_model(folder / "model.keras")


def fit_copying(folder, hook):
    copying = Copying(folder, hook)
    listed = [Recording("stop"), copying]
    noisy_mlp().fit(X, Y, batch_size=16, verbose=0, callbacks=listed)
    return copying.copies


@pytest.mark.parametrize("hook", ["on_train_batch_end", "on_epoch_end"])
def test_copies_made_during_a_fit_hold_nothing_of_ours(hook, tmp_path):
    for copy in fit_copying(tmp_path, hook).values():
        assert not hasattr(copy.train_function, MARK)
        assert not {"train_step", "compute_loss"} & vars(copy).keys()
        copy.compile("sgd", "mse")
        assert copy.fit(X, Y, verbose=0).history["loss"]
    saved = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(saved) >= 6
    assert not [data for data in saved if b"nanwatch" in data.lower()]


ELSEWHERE = """
import sys
sys.modules["nanwatch"] = None  # an import of it fails
import pickle, keras, numpy as np, tensorflow as tf
folder, x = sys.argv[1], np.ones((4, 4), "float32")
loaded = keras.models.load_model(folder + "/model.keras")
pickled = pickle.load(open(folder + "/model.pickle", "rb"))
weighted = keras.models.model_from_json(open(folder + "/model.json").read())
weighted.load_weights(folder + "/model.weights.h5")
exported = tf.saved_model.load(folder + "/exported")
for model in (loaded, pickled, weighted):
    np.testing.assert_allclose(model(x), exported.serve(x), rtol=1e-5)
loaded.fit(x, x[:, :1], verbose=0)
"""


def test_what_was_saved_during_a_fit_opens_where_nanwatch_is_not(tmp_path):
    fit_copying(tmp_path, "on_train_batch_end")
    command = [sys.executable, "-c", ELSEWHERE, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def attributes(model):
    """What a model and its optimizer hold, by name and kind."""
    held = [*vars(model).items(), *vars(model.optimizer).items()]
    return sorted((name, type(value).__name__) for name, value in held)


def dcgan():
    keras.utils.set_random_seed(7)
    model = own_steps.DCGAN()
    model.compile()
    return model


MODELS = {
    "graph": noisy_mlp,
    "eager": lambda: noisy_mlp(run_eagerly=True),
    "several steps": lambda: noisy_mlp(steps_per_execution=3),
    "two optimizers": dcgan,
}


@pytest.mark.parametrize("wish", ["stop", "record"])
@pytest.mark.parametrize("name", MODELS)
def test_after_a_fit_a_model_holds_what_an_unwatched_one_does(name, wish):
    watched, twin = MODELS[name](), MODELS[name]()
    recorded(watched, X, Y, on_nonfinite=wish)
    twin.fit(X, Y, batch_size=16, shuffle=False, verbose=0)
    assert attributes(watched) == attributes(twin)
    function, expected = watched.train_function, twin.train_function
    assert not hasattr(function, MARK)
    assert function.__qualname__ == expected.__qualname__
    assert function.__code__ is expected.__code__


CLASSES = (keras.Model, keras.layers.Layer, keras.metrics.Mean, keras.optimizers.Optimizer)


def test_after_a_fit_keras_classes_are_their_own():
    before = [dict(vars(kind)) for kind in CLASSES]
    recorded(noisy_mlp(), X, Y, on_nonfinite="stop")
    assert [dict(vars(kind)) for kind in CLASSES] == before


def test_a_model_goes_on_unwatched_as_if_it_never_was_watched():
    watched, twin = noisy_mlp(), noisy_mlp()
    recorded(watched, X, Y, on_nonfinite="stop")
    twin.fit(X, Y, batch_size=16, shuffle=False, verbose=0)
    for model in (watched, twin):
        model.fit(X, Y, batch_size=16, shuffle=False, verbose=0)
    assert watched.history.history == twin.history.history
    np.testing.assert_array_equal(watched.predict(X, verbose=0), twin.predict(X, verbose=0))
