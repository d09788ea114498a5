"""Every way to call `fit`, once and again, and every callback of Keras beside the recorder."""

import threading

import keras
import numpy as np
import pytest
from keras import callbacks

from fits import Recording, batches_of, losses_alone, mlp, noisy_mlp, recorded, state_of, table
from recorder.twins import OwnLosses, assert_same_history, assert_same_weights, assert_unnoticed

X, Y = table()

FITS = {
    "validation data": {"validation_data": (X[:20], Y[:20])},
    "validation split": {"validation_split": 0.25},
    "seldom validated": {"validation_data": (X, Y), "validation_freq": 2, "validation_steps": 2},
    "a later epoch": {"initial_epoch": 1},
    "fewer steps": {"steps_per_epoch": 2},
    "one batch": {"batch_size": 64},
    "small batches": {"batch_size": 4, "steps_per_epoch": 3},
}


@pytest.mark.parametrize("name", FITS)
def test_a_fit_goes_as_if_unwatched(name):
    assert_unnoticed(lambda: noisy_mlp("sgd"), table, **{"epochs": 3, **FITS[name]})


def test_a_shuffled_fit_has_the_same_order():
    assert_unnoticed(mlp, table, shuffle=True, epochs=2)


def halved(epoch, rate):
    return rate * 0.5


OTHERS = {  # what Keras offers, given the folder to write to
    "best model": ("ModelCheckpoint", {"monitor": "loss", "save_best_only": True}, "best.keras"),
    "weights each batch": (
        "ModelCheckpoint",
        {"save_weights_only": True, "save_freq": 1},
        "{batch}.weights.h5",
    ),
    "backup": ("BackupAndRestore", {"save_freq": 2}, "backup"),
    "CSV": ("CSVLogger", {}, "log.csv"),
    "TensorBoard": ("TensorBoard", {"update_freq": "batch", "histogram_freq": 1}, "board"),
    "early stopping": (
        "EarlyStopping",
        {"monitor": "loss", "patience": 0, "restore_best_weights": True, "min_delta": 1.0},
        None,
    ),
    "terminate on NaN": ("TerminateOnNaN", {}, None),
    "schedule": ("LearningRateScheduler", {"schedule": halved}, None),
    "plateau": ("ReduceLROnPlateau", {"monitor": "loss", "patience": 0, "min_delta": 1.0}, None),
    "swapped weights": ("SwapEMAWeights", {}, None),
}


def fit_beside(name, ours, first, folder):
    """A fit with one of Keras' callbacks and another one, and what files it left."""
    kind, options, path = OTHERS[name]
    place = [folder / path] if path else []
    beside = [getattr(callbacks, kind)(*place, **options), ours]
    model = mlp(optimizer=keras.optimizers.SGD(0.01, use_ema=name == "swapped weights"))
    listed = beside if first else beside[::-1]
    model.fit(X, Y, batch_size=16, epochs=3, shuffle=False, verbose=0, callbacks=listed)
    return model, sorted(found.name for found in folder.glob("*.*"))


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("first", [True, False], ids=["before it", "after it"])
def test_another_callback_works_beside_the_recorder(name, first, tmp_path):
    recording, alone = Recording("stop"), OwnLosses()
    for folder in "watched", "alone":
        (tmp_path / folder).mkdir()
    watched, files = fit_beside(name, recording, first, tmp_path / "watched")
    twin, expected = fit_beside(name, alone, first, tmp_path / "alone")
    assert recording.losses == alone.losses
    assert files == expected
    assert_same_weights(watched, twin)
    assert_same_history(watched.history, twin.history)


def fit_twice(model, fit, between):
    """Two fits of one model, with something done to it between them."""
    first = fit(model)
    between(model)
    return first, fit(model)


def recompile(model):
    model.compile("adam", "mae")


def freeze(model):
    model.layers[0].trainable = False
    recompile(model)


def reload_weights(model):
    model.set_weights([weight * 0.5 for weight in model.get_weights()])


def slower(model):
    model.optimizer.learning_rate = 1e-4


def fit_unwatched(model):
    model.fit(X, Y, batch_size=16, verbose=0, shuffle=False)


def evaluate(model):
    model.evaluate(X, Y, verbose=0)
    model.predict(X, verbose=0)


BETWEEN = {
    "nothing": keras.Model.count_params,
    "compiled anew": recompile,
    "a layer frozen": freeze,
    "other weights": reload_weights,
    "a lower rate": slower,
    "an unwatched fit": fit_unwatched,
    "train_on_batch": lambda model: model.train_on_batch(X, Y),
    "evaluated": evaluate,
}


@pytest.mark.parametrize("name", BETWEEN)
def test_a_second_fit_is_recorded_like_the_first(name):
    watched, twin = mlp(), mlp()
    recordings = fit_twice(
        watched, lambda model: recorded(model, X, Y, on_nonfinite="stop"), BETWEEN[name]
    )
    alone = fit_twice(twin, lambda model: losses_alone(model, batches_of(X, Y)), BETWEEN[name])
    assert tuple(recording.losses for recording in recordings) == alone
    assert [recording.recorder.notes for recording in recordings] == [[], []]
    assert_same_weights(watched, twin)


class Rehearsing(keras.callbacks.Callback):
    """Trains on a batch of its own, evaluates and predicts in the middle of a fit."""

    def on_train_batch_end(self, batch, logs=None):
        if batch == 1:
            self.model.train_on_batch(X[:4], Y[:4])

    def on_epoch_end(self, epoch, logs=None):
        evaluate(self.model)


def test_a_batch_trained_in_between_is_a_step_like_any_other():
    watched, twin = mlp(), mlp()
    recording = recorded_beside(watched, Rehearsing())
    twin.fit(X, Y, batch_size=16, shuffle=False, verbose=0, callbacks=[Rehearsing()])
    batches = batches_of(X, Y)
    expected = losses_alone(mlp(), [*batches[:2], (X[:4], Y[:4]), *batches[2:]])
    assert recording.losses == expected
    assert_same_weights(watched, twin)


def recorded_beside(model, *others):
    recording = Recording("stop")
    callbacks_ = [*others, recording]
    model.fit(X, Y, batch_size=16, shuffle=False, verbose=0, callbacks=callbacks_)
    return recording


def test_fits_in_two_threads_do_not_hear_each_other():
    models, recordings = [mlp(), noisy_mlp()], {}

    def fit(at):
        recordings[at] = recorded(models[at], X, Y, epochs=5)

    threads = [threading.Thread(target=fit, args=(at,)) for at in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for at, make in enumerate((mlp, noisy_mlp)):
        assert recordings[at].losses == losses_alone(make(), batches_of(X, Y) * 5)
        assert recordings[at].recorder.notes == []


def test_one_models_step_within_anothers_fit_is_not_heard():
    inner, outer = mlp(), mlp()
    train = callbacks.LambdaCallback(on_epoch_begin=lambda *_, **__: fit_unwatched(inner))
    recording = recorded_beside(outer, train)
    assert recording.losses == losses_alone(mlp(), batches_of(X, Y))
    assert np.isfinite(recording.losses).all()


def test_a_metric_that_counts_is_not_disturbed():
    """A watched fit resets and updates the compiled metrics just as often."""
    watched, twin = (mlp(metrics=["mae"]) for _ in range(2))
    recorded(watched, X, Y)
    fit_unwatched(twin)
    assert [v.numpy().tobytes() for v in watched.metrics_variables] == [
        v.numpy().tobytes() for v in twin.metrics_variables
    ]
    assert state_of(watched) == state_of(twin)
