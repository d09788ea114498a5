"""Trainings on two replicas, in a process that began with two devices."""

import contextlib
import functools
import math

import numpy as np
import tensorflow as tf

from fits import Recording, is_finite, mlp, noisy_mlp, recorded, table
from nanwatch import NanWatch

MODELS = {"mlp": mlp, "noisy": noisy_mlp}


def begin_with_two_devices():
    """Initialise the process."""
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)


@functools.cache
def two_devices():
    """One strategy for all: those of one process number their collective operations alike."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def on_two(make):
    """A model of which two devices have a replica each."""
    with two_devices().scope():
        return make()


def state_of_replicas(model):
    """Every value that a training changes, each replica's own copy."""
    held = [*model.variables, *model.optimizer.variables]
    return [np.asarray(copy).tobytes() for v in held for copy in v.value.values]


def spoilt_table():
    x, y = table()
    x[35, 1] = math.nan
    return x, y


def twins(name):
    """The losses of a watched fit, and whether its replicas are those of an unwatched one."""
    x, y = table(57)
    watched, alone = (on_two(MODELS[name]) for _ in range(2))
    recording = recorded(watched, x, y, on_nonfinite="stop", epochs=2)
    history = alone.fit(x, y, batch_size=16, shuffle=False, verbose=0, epochs=2).history
    same = state_of_replicas(watched) == state_of_replicas(alone)
    assert watched.history.history == history
    return recording.losses, same, recording.recorder.notes


def guarded(wish):
    """The steps that were not finite, and whether the model is finite after its fit."""
    model = on_two(noisy_mlp)
    recording = recorded(model, *spoilt_table(), on_nonfinite=wish, stop=wish == "stop", epochs=2)
    bad = [step.index for step in recording.steps if not step.finite]
    return bad, is_finite(model), model.history.history["loss"]


def stopped_and_short():
    """Whether a stopped fit ends in the very state of one that ended a step earlier."""
    x, y = spoilt_table()
    stopped, short = on_two(noisy_mlp), on_two(noisy_mlp)
    recorded(stopped, x[:48], y[:48], on_nonfinite="stop", stop=True)
    recorded(short, x[:32], y[:32])
    return state_of_replicas(stopped) == state_of_replicas(short)


class Forgetful(Recording):
    """Keeps one batch only."""

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.recorder.batches.count = 1


def undone():
    """The notes of a fit whose batches do not reach back to its snapshot."""
    model, recording = on_two(mlp), Forgetful("skip")
    model.fit(*spoilt_table(), batch_size=16, shuffle=False, verbose=0, callbacks=[recording])
    return recording.recorder.notes, is_finite(model)


def diagnosed(inside, folder):
    """What a diagnosis says under the strategy, and what its bundle holds."""
    model, watch = on_two(noisy_mlp), NanWatch(verbose=0, mode="offline")
    scope = model.distribute_strategy.scope() if inside else contextlib.nullcontext()
    with scope:
        model.fit(*spoilt_table(), batch_size=16, shuffle=False, verbose=0, callbacks=[watch])
    (diagnosis,) = watch.diagnoses
    watch.save_bundle(folder / "failure.zip")
    return diagnosis.label, diagnosis.causes[0].where


def on_one_device():
    """A fit under OneDeviceStrategy: its recorder, and whether the guard held."""
    with tf.distribute.OneDeviceStrategy("CPU:1").scope():
        model = noisy_mlp()
    recording = recorded(model, *spoilt_table(), on_nonfinite="skip")
    return type(recording.recorder).__name__, is_finite(model), len(recording.steps)


def on_several_hosts():
    """A fit under a strategy that is not watched."""
    with tf.distribute.MultiWorkerMirroredStrategy().scope():
        model = mlp()
    recording = recorded(model, *table(), on_nonfinite="skip")
    return type(recording.recorder).__name__, recording.recorder.notes, len(recording.steps)
