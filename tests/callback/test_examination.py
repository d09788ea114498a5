"""A run that fails in several ways is examined as one."""

from collections import Counter

import keras
import numpy as np
import pytest

from nanwatch import NanWatch
from nanwatch.events import Cause, Diagnosis
from nanwatch.examination import after_spike


@pytest.fixture(autouse=True)
def offline(home, unhurried, monkeypatch):
    monkeypatch.setenv("NANWATCH_MODE", "offline")


def diverging(rate):
    """A linear fit whose loss grows from step to step, until it is no number."""
    keras.utils.set_random_seed(7)
    x = np.random.default_rng(0).normal(0, 1, (640, 8)).astype("float32")
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(rate), "mse")
    return model, x, x.sum(axis=1, keepdims=True)


def test_what_a_loss_tried_that_exploded_is_not_tried_again_when_it_is_nan(capsys):
    model, x, y = diverging(1.0)
    watch = NanWatch(on_nonfinite="record")
    model.fit(x, y, batch_size=16, epochs=12, verbose=0, shuffle=False, callbacks=[watch])
    exploded, lost = [found for found in watch.diagnoses if found.severity == "critical"]
    assert [exploded.symptom, lost.symptom] == ["exploding_loss", "nan_loss"]
    assert exploded.causes[0].label == lost.causes[0].label == "lr_too_high"
    assert exploded.causes[0].verified
    assert lost.causes[0].verified
    said = capsys.readouterr().err.splitlines()
    tried = Counter(line for line in said if line.startswith("nanwatch: trying "))
    assert set(tried.values()) == {1}


CORRUPT = (Cause("corrupt_batch", 0.9, "One bad batch.", verified=True),)


@pytest.mark.parametrize(
    ("own", "step", "labels"),
    [((), 44, ["corrupt_batch"]), ((), 60, []), ((Cause("lr_too_high", 0.8, "x"),), 44, None)],
    ids=["right after it", "long after it", "with a cause of its own"],
)
def test_what_fails_right_after_a_spike_is_its_doing_where_nothing_else_is_found(own, step, labels):
    spike = Diagnosis("loss_spike", "warning", 43, CORRUPT)
    found = after_spike(Diagnosis("nan_loss", "critical", step, own), spike)
    assert found.symptom == "nan_loss"
    assert [c.label for c in found.causes] == (["lr_too_high"] if labels is None else labels)
    told = [(e.check, e.seen) for c in found.causes for e in c.evidence]
    assert told == ([("steps before", "the loss spiked at step 43")] if labels else [])


class Broken(keras.metrics.Metric):
    """A metric of the user's own that raises while the first step is traced."""

    def update_state(self, y_true, y_pred, sample_weight=None):
        raise ValueError("my metric is broken")


def test_what_a_first_step_raises_is_examined_though_not_all_variables_have_values(capsys):
    model, x, y = diverging(0.01)
    model.compile("adam", "mse", metrics=[Broken()])
    watch = NanWatch()
    with pytest.raises(ValueError, match="my metric is broken"):
        model.fit(x, y, verbose=0, callbacks=[watch])
    assert [found.symptom for found in watch.diagnoses] == ["exception"]
    assert "the examination failed" not in capsys.readouterr().err


def test_without_any_batch_kept_a_run_is_not_judged(capsys):
    model, x, y = diverging(1e-9)
    watch = NanWatch(memory_mib=0)
    model.fit(x, y, batch_size=16, epochs=3, verbose=0, callbacks=[watch])
    assert watch.diagnoses == []
    assert "the examination failed" not in capsys.readouterr().err
