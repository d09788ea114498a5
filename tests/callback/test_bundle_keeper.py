"""What is held of a failing step, in real fits under a real `NanWatch`."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from fits import mlp, noisy_mlp, state_of, table
from nanwatch import BundleError, NanWatch, load_bundle
from nanwatch.events import FactsLearned
from stored import kinds_of


@pytest.fixture(autouse=True)
def offline(home, unhurried, monkeypatch):
    """An empty data folder in which runs are only kept."""
    monkeypatch.setenv("NANWATCH_MODE", "offline")
    return home


def spoilt(row=40):
    x, y = table()
    x[row, 1] = math.nan
    return x, y


def watched(model, *data, fit=None, **options):
    """A watched fit in batches of 16, and its callback."""
    watch = NanWatch(**{"verbose": 0, **options})
    how = {"batch_size": 16, "shuffle": False, "verbose": 0, **(fit or {})}
    model.fit(*data, callbacks=[watch], **how)
    return watch


def notes_of(home, watch):
    learnt = kinds_of(home, watch.run_id, FactsLearned)
    return [note for event in learnt for note in event.facts.get("notes", [])]


@pytest.mark.parametrize("wish", ["stop", "skip", "rollback"])
def test_a_guarded_step_is_kept_with_the_state_right_before_it(wish, tmp_path):
    twin = noisy_mlp()
    twin.fit(*(part[:32] for part in spoilt()), batch_size=16, shuffle=False, verbose=0)
    watch = watched(noisy_mlp(), *spoilt(), on_nonfinite=wish)
    bundle = load_bundle(watch.save_bundle(tmp_path / "failure.zip"))
    assert (bundle.step, bundle.manifest.state_step) == (2, 2)
    assert state_of(bundle.model()) == state_of(twin)
    assert np.array_equal(bundle.batch[0], spoilt()[0][32:48], equal_nan=True)


def test_an_unguarded_step_is_kept_with_the_batches_that_lead_to_it(tmp_path):
    twin = noisy_mlp()
    twin.fit(*(part[:32] for part in spoilt()), batch_size=16, shuffle=False, verbose=0)
    watch = watched(noisy_mlp(), *spoilt(), on_nonfinite="record")
    bundle = load_bundle(watch.save_bundle(tmp_path / "failure.zip"))
    assert [step for step, _ in bundle.batches] == [0, 1, 2]
    model = bundle.model()
    assert state_of(model) == state_of(twin)
    assert math.isnan(model.train_on_batch(*bundle.batch))


def test_a_loss_that_is_not_finite_outweighs_one_that_explodes():
    watch = watched(mlp(optimizer=keras.optimizers.SGD(5.0)), *table(), fit={"epochs": 20})
    symptoms = [diagnosis.symptom for diagnosis in watch.diagnoses]
    assert symptoms[-1] == "nan_loss"
    assert watch._session.keeper.failure.diagnosis.symptom == "nan_loss"


def test_a_step_that_raised_is_kept(tmp_path):
    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    labels = np.where(np.arange(64) == 40, 9, 0)
    watch = NanWatch(verbose=0)
    with pytest.raises(tf.errors.InvalidArgumentError):
        model.fit(table()[0], labels, batch_size=16, shuffle=False, verbose=0, callbacks=[watch])
    bundle = load_bundle(watch.save_bundle(tmp_path / "failure.zip"))
    assert (bundle.step, bundle.batch[1].max()) == (2, 9)
    with pytest.raises(tf.errors.InvalidArgumentError):
        bundle.model().train_on_batch(*bundle.batch)


def test_without_snapshots_the_state_before_a_guarded_step_is_kept_all_the_same(tmp_path):
    watch = watched(mlp(hidden=()), *spoilt(), probes="light")
    bundle = load_bundle(watch.save_bundle(tmp_path / "failure.zip"))
    assert math.isnan(bundle.model().train_on_batch(*bundle.batch))


def test_a_healthy_fit_keeps_nothing_and_says_so(tmp_path):
    watch = watched(mlp(), *table())
    with pytest.raises(BundleError, match="no step failed in this fit"):
        watch.save_bundle(tmp_path / "failure.zip")
    assert watch._session._recorder.flight.batches.since(0) == []
    assert list(tmp_path.glob("*.zip")) == []


def test_the_next_fit_lets_the_failure_go(tmp_path):
    model = mlp()
    watch = watched(model, *spoilt())
    model.fit(*table(), verbose=0, callbacks=[watch])
    with pytest.raises(BundleError, match="no step failed"):
        watch.save_bundle(tmp_path / "failure.zip")


@pytest.mark.parametrize(
    ("options", "why"),
    [({}, "no fit was watched yet"), ({"mode": "disabled"}, "nanwatch is disabled")],
)
def test_before_a_fit_there_is_nothing_to_save(options, why, tmp_path):
    with pytest.raises(BundleError, match=why):
        NanWatch(verbose=0, **options).save_bundle(tmp_path / "failure.zip")


def test_where_no_batch_is_seen_it_is_said_why(tmp_path):
    watch = watched(mlp(hidden=()), *spoilt(), probes="off")
    with pytest.raises(BundleError, match=r"could not be seen .*probes are off"):
        watch.save_bundle(tmp_path / "failure.zip")


def test_a_batch_beyond_the_budget_is_examined_but_not_kept(offline, tmp_path):
    watch = watched(mlp(), *spoilt(), memory_mib=0.0001)
    assert watch.diagnoses[0].causes[0].where["rows"] == [8]
    with pytest.raises(BundleError, match=r"320 B, more than .* 104 B: NanWatch\(memory_mib=1\)"):
        watch.save_bundle(tmp_path / "failure.zip")
    state, batches = notes_of(offline, watch)
    assert "fixes are not tried in replays" in state
    assert batches.startswith("batches of 320 B: only the current one is kept")


def test_the_way_to_keep_a_step_is_told_where_no_fix_has_held(capsys):
    watched(mlp(), *spoilt(), verbose=1)
    assert "save_bundle" not in capsys.readouterr().err
    watched(mlp(), *spoilt(), verbose=1, probes="light")
    assert capsys.readouterr().err.count("save_bundle") == 1


def test_a_budget_that_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="memory_mib=-1 makes no sense"):
        NanWatch(memory_mib=-1)
