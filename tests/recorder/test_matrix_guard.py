"""A fault at a known step, over every kind of program: seen there and then, and nothing spoilt."""

import math

import keras
import numpy as np
import pytest
from keras import layers
from keras.optimizers import SGD, Adam

from fits import Recording, is_finite, noisy_mlp, recorded, table
from recorder import own_steps
from recorder.programs import chain
from recorder.twins import assert_same_weights

BAD = 2
"""The batch that holds the fault."""


def spoilt_table(value=math.nan):
    x, y = table()
    x[16 * BAD + 3, 1] = value
    return x, y


def halves():
    """Half precision by Keras' own loss scale."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        return noisy_mlp()
    finally:
        keras.config.set_dtype_policy(before)


def own(kind, **options):
    keras.utils.set_random_seed(7)
    model = getattr(own_steps, kind)()
    model.compile(**options)
    return model


def adam():
    return Adam(0.01, use_ema=True, gradient_accumulation_steps=2)


PROGRAMS = {
    "graph": noisy_mlp,
    "eager": lambda: noisy_mlp(run_eagerly=True),
    "three steps an execution": lambda: noisy_mlp(steps_per_execution=3),
    "XLA": lambda: noisy_mlp(jit_compile=True),
    "clipped": lambda: noisy_mlp(SGD(0.01, global_clipnorm=1.0)),
    "averaged and accumulated": lambda: noisy_mlp(adam()),
    "own mean": lambda: own("OwnMean", optimizer="adam"),
    "own values": lambda: own("PlainValues", optimizer="adam", loss="mse"),
    "two updates": lambda: own("TwoSteps", optimizer="adam"),
    "autoencoder": lambda: own("VariationalAutoencoder", optimizer="adam"),
    "two optimizers": lambda: own("DCGAN"),
    "gradient penalty": lambda: own("WassersteinGAN"),
}


def faults(recording):
    return [step.index for step in recording.steps if not (step.finite and step.update_finite)]


CASES = [(name, wish) for name in PROGRAMS for wish in ("stop", "skip")]
CASES += [("graph", "rollback"), ("own mean", "rollback")]


@pytest.mark.parametrize(("name", "wish"), CASES)
def test_a_fault_is_seen_at_its_step_and_spoils_nothing(name, wish):
    model = PROGRAMS[name]()
    stop = wish == "stop"
    recording = recorded(model, *spoilt_table(), on_nonfinite=wish, stop=stop, epochs=2)
    assert faults(recording) == ([BAD] if stop else [BAD, BAD + 4])
    assert len(recording.steps) == (BAD + 1 if stop else 8)
    assert is_finite(model)
    assert recording.recorder.notes == []


FAULTS = {
    "NaN in a feature": ("x", math.nan),
    "infinity in a feature": ("x", -math.inf),
    "NaN in a target": ("y", math.nan),
    "infinity in a target": ("y", math.inf),
    "NaN in a weight": ("w", math.nan),
    "a weight that overflows": ("w", 3e38),
}


def spoilt_rows(name):
    part, value = FAULTS[name]
    x, y = table()
    arrays = {"x": x, "y": y, "w": np.ones(64, "float32")}
    arrays[part][16 * BAD + 3] = value
    return arrays["x"], arrays["y"], arrays["w"]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_any_kind_is_seen_in_a_generator(name):
    x, y, w = spoilt_rows(name)
    batches = ((x[at : at + 16], y[at : at + 16], w[at : at + 16]) for at in range(0, 64, 16))
    model = noisy_mlp("sgd")
    recording = recorded(model, batches, batch_size=None, on_nonfinite="stop", stop=True)
    assert faults(recording) == [BAD]
    assert is_finite(model)


def test_a_fault_in_an_embedding_spoils_no_row_of_it():
    keras.utils.set_random_seed(7)
    embedding = layers.Embedding(9, 4, mask_zero=True)
    model = chain(embedding, layers.GRU(3), width=6, optimizer="adam")
    x = np.arange(64 * 6).reshape(64, 6) % 9
    recording = recorded(model, x, spoilt_rows("NaN in a target")[1], on_nonfinite="skip")
    assert faults(recording) == [BAD]
    assert is_finite(model)


@pytest.mark.parametrize("wish", ["stop", "skip"])
def test_half_precision_holds_a_fault_back_although_it_lets_an_overflow_pass(wish):
    """Keras' own scale skips what is not finite; the statistics are ours to keep."""
    model = halves()
    recording = recorded(model, *spoilt_table(), on_nonfinite=wish, stop=wish == "stop")
    assert faults(recording) == [BAD]
    assert is_finite(model)


def test_record_lets_a_fault_do_what_it_does():
    watched, twin = noisy_mlp(), noisy_mlp()
    recording = recorded(watched, *spoilt_table(), on_nonfinite="record")
    twin.fit(*spoilt_table(), batch_size=16, shuffle=False, verbose=0)
    assert faults(recording) == [2, 3]
    assert_same_weights(watched, twin)
    assert not is_finite(watched)


def test_a_checkpoint_of_every_batch_never_holds_what_a_fault_spoilt(tmp_path):
    saving = keras.callbacks.ModelCheckpoint(tmp_path / "{batch}.keras", save_freq=1)
    model, recording = noisy_mlp(), Recording("stop", stop=True)
    listed = [saving, recording]
    model.fit(*spoilt_table(), batch_size=16, shuffle=False, verbose=0, callbacks=listed)
    saved = sorted(tmp_path.glob("*.keras"))
    assert len(saved) == BAD + 1
    assert all(is_finite(keras.models.load_model(path)) for path in saved)


def test_unwatched_the_same_checkpoint_holds_it(tmp_path):
    """The control: without the guard there is something to spoil."""
    model = noisy_mlp()
    model.fit(*spoilt_table(), batch_size=16, shuffle=False, verbose=0)
    model.save(tmp_path / "model.keras")
    assert not is_finite(keras.models.load_model(tmp_path / "model.keras"))
