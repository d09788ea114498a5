"""A watched fit as it is kept: points, facts and how it ended, read back from the spool."""

import gc
import math
import weakref

import keras
import pytest

from fits import Recording, batches_of, losses_alone, mlp, noisy_mlp, table
from nanwatch import NanWatch
from nanwatch.events import Diagnosed, FactsLearned, RunEnded, RunStarted
from stored import events_of, kinds_of, names_of, series_of


@pytest.fixture
def offline(home, unhurried, monkeypatch):
    """An empty data folder in which runs are only kept."""
    monkeypatch.setenv("NANWATCH_MODE", "offline")
    return home


def watched(model=None, data=None, epochs=1, **options):
    watch = NanWatch(verbose=0, **options)
    x, y = data or table()
    model = model or mlp(metrics=["mae"])
    fit = {"batch_size": 16, "shuffle": False, "verbose": 0, "epochs": epochs}
    model.fit(x, y, callbacks=[watch], **fit)
    return watch


def test_the_batch_loss_is_the_true_one_and_keras_mean_stands_beside_it(offline):
    watch = watched(noisy_mlp(), epochs=2)
    losses = losses_alone(noisy_mlp(), batches_of(*table()) * 2)
    assert series_of(offline, watch.run_id, "batch/loss") == dict(enumerate(losses))
    means = series_of(offline, watch.run_id, "batch/loss_running")
    assert means[3] == pytest.approx(sum(losses[:4]) / 4, rel=1e-5)
    assert means[4] == pytest.approx(losses[4], rel=1e-5)


def test_epochs_count_from_zero_and_hold_the_validation(offline):
    x, y = table()
    watch, model = NanWatch(verbose=0), mlp(metrics=["mae"])
    history = model.fit(
        x, y, validation_data=(x, y), epochs=3, verbose=0, callbacks=[watch]
    ).history
    for key in ("loss", "mae", "val_loss", "val_mae"):
        series = series_of(offline, watch.run_id, f"epoch/{key}")
        assert series == dict(enumerate(history[key]))
    assert series_of(offline, watch.run_id, "epoch/last_step") == {0: 1, 1: 3, 2: 5}


def test_a_metric_of_several_numbers_leaves_the_others_in_peace(offline):
    x, y = table()
    watch = NanWatch(verbose=0)
    model = mlp(loss="binary_crossentropy", metrics=[keras.metrics.F1Score(), "mae"])
    model.fit(x, y > 0, validation_split=0.5, verbose=0, callbacks=[watch])
    told = names_of(offline, watch.run_id)
    assert {"epoch/loss", "epoch/val_loss", "epoch/val_mae"} <= set(told)
    assert "epoch/f1_score" not in told


class Wordless(keras.Model):
    """Tells no single number of a step."""

    def train_step(self, data):
        self(data[0])
        return {"by_class": keras.ops.ones(3)}


@pytest.mark.parametrize("probes", ["off", "full"])
def test_steps_without_a_number_are_reported_as_steps(offline, probes):
    plain = mlp()
    model = Wordless(plain.inputs, plain.outputs)
    model.compile("sgd", "mse")
    watch = watched(model, probes=probes)
    (end,) = kinds_of(offline, watch.run_id, RunEnded)
    assert (end.state, end.reason) == ("finished", "")


def test_a_later_epoch_keeps_its_number(offline):
    x, y = table()
    watch = NanWatch(verbose=0)
    mlp().fit(x, y, initial_epoch=3, epochs=5, verbose=0, callbacks=[watch])
    assert sorted(series_of(offline, watch.run_id, "epoch/loss")) == [3, 4]


def test_norms_and_rate_of_the_step_and_the_layers_are_kept(offline):
    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, name="price")])
    model.compile(keras.optimizers.SGD(0.25), "mse")
    watch = watched(model)
    assert set(series_of(offline, watch.run_id, "batch/learning_rate").values()) == {0.25}
    norms = series_of(offline, watch.run_id, "batch/grad_norm")
    layer = series_of(offline, watch.run_id, "layer/price/grad_norm")
    assert layer[0] == pytest.approx(norms[0], rel=1e-6)
    assert series_of(offline, watch.run_id, "layer/price/weight_norm")[0] > 0


@pytest.mark.parametrize(("log_freq", "steps"), [("batch", 8), (3, 3), ("epoch", 0)])
def test_the_frequency_thins_the_batches_not_the_epochs(offline, log_freq, steps):
    watch = watched(epochs=2, log_freq=log_freq)
    assert len(series_of(offline, watch.run_id, "batch/loss")) == steps
    assert len(series_of(offline, watch.run_id, "epoch/loss")) == 2


def test_a_failing_step_is_kept_whatever_the_frequency(offline):
    x, y = table()
    y[40] = math.nan
    watch = watched(data=(x, y), log_freq="epoch")
    (step, loss), *more = series_of(offline, watch.run_id, "batch/loss").items()
    assert (step, more) == (2, [])
    assert math.isnan(loss)


@pytest.mark.parametrize(
    ("probes", "layers", "norms"), [("light", False, True), ("off", False, False)]
)
def test_lighter_probes_keep_less(offline, probes, layers, norms):
    watch = watched(probes=probes)
    names = names_of(offline, watch.run_id)
    assert any(name.startswith("layer/") for name in names) == layers
    assert ("batch/grad_norm" in names) == norms
    losses = losses_alone(mlp(), batches_of(*table()))
    kept = series_of(offline, watch.run_id, "batch/loss")
    assert list(kept.values()) == pytest.approx(losses, rel=1e-5)


def test_the_run_tells_who_it_is_and_what_it_learns(offline):
    watch = watched(project="p", run="r", tags=["t"], config={"rate": 0.1})
    first = events_of(offline, watch.run_id)[0]
    assert isinstance(first, RunStarted)
    assert (first.name, first.project, first.tags, first.config) == (
        "r",
        "p",
        ("t",),
        {"rate": 0.1},
    )
    assert first.facts["optimizer"]["class"] == "SGD"
    (learned,) = kinds_of(offline, watch.run_id, FactsLearned)
    assert learned.facts["batch_size"] == 16


def test_what_could_not_be_recorded_is_noted(offline):
    watch = watched(probes="off")
    learned = kinds_of(offline, watch.run_id, FactsLearned)
    assert "probes are off" in learned[-1].facts["notes"][0]


def test_a_finished_run_says_so_at_its_end(offline):
    watch = watched()
    last = events_of(offline, watch.run_id)[-1]
    assert isinstance(last, RunEnded)
    assert (last.state, last.reason) == ("finished", "")


def test_a_run_stopped_on_nan_says_why_and_keeps_its_diagnosis(offline):
    x, y = table()
    x[40, 1] = math.nan
    watch = watched(data=(x, y))
    (end,) = kinds_of(offline, watch.run_id, RunEnded)
    assert (end.state, end.reason) == ("finished", "stopped_on_nan")
    kept = [event.diagnosis for event in kinds_of(offline, watch.run_id, Diagnosed)]
    told = [(d.label, d.first_step) for d in kept if d.severity != "info"]  # the rest was foreseen
    assert told == [("nan_in_features", 2)]


class Raising(keras.callbacks.Callback):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def on_train_batch_end(self, batch, logs=None):
        if batch == 1:
            raise self.error("left")


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_fit_left_from_another_callback_ends_its_run(offline, error):
    x, y = table()
    watch, model = NanWatch(verbose=0), mlp()
    with pytest.raises(error):
        model.fit(x, y, batch_size=16, verbose=0, callbacks=[watch, Raising(error)])
    again = watched(model)
    (end,) = kinds_of(offline, watch.run_id, RunEnded)
    assert end.state in ("failed", "interrupted")
    assert kinds_of(offline, again.run_id, RunEnded)[0].state == "finished"


def test_a_watched_and_a_recorded_fit_see_the_same(offline):
    x, y = table()
    recording = Recording()
    mlp().fit(x, y, batch_size=16, shuffle=False, verbose=0, callbacks=[recording])
    watch = watched(mlp())
    assert list(series_of(offline, watch.run_id, "batch/loss").values()) == recording.losses


def test_shapes_that_an_own_loss_stretches_are_told_at_the_first_batch(offline):
    def loss(y, p):
        return keras.ops.mean((y - p[:, 0]) ** 2)

    x, y = table()
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", loss)
    watch = watched(model, data=(x, y[:, None]))
    told = [event.diagnosis for event in kinds_of(offline, watch.run_id, Diagnosed)]
    assert (told[0].severity, told[0].label) == ("info", "shape_broadcast_bug")
    assert "test_session.py" in told[0].causes[0].where["source_line"]


def test_after_a_fit_its_data_are_not_held(offline):
    x, y = table()
    held = [weakref.ref(x), weakref.ref(y)]
    watch = watched(data=(x, y))
    del x, y
    gc.collect()
    assert [array() for array in held] == [None, None]
    assert watch.diagnoses == []
