"""A fit that ends, goes on or goes back at a value that is not finite, and what is said of it."""

import keras
import pytest

from fits import FIT, is_finite, mlp, noisy_mlp, spoilt
from nanwatch import NanWatch


@pytest.fixture(autouse=True)
def offline(home, unhurried, monkeypatch):
    monkeypatch.setenv("NANWATCH_MODE", "offline")


@pytest.mark.parametrize(
    ("probes", "wish", "words"),
    [
        ("full", "stop", "the fit stops at step 2, its weights healthy"),
        ("off", "stop", "the fit stops at step 2, its weights not finite"),
        ("full", "skip", "1 of 4 updates were not finite, and left out"),
        ("off", "skip", "2 of 4 updates were not finite\n"),
    ],
)
def test_the_state_of_the_weights_is_told_as_it_is(capsys, probes, wish, words):
    x, y, _ = spoilt("NaN in y")
    watch = NanWatch(probes=probes, on_nonfinite=wish)
    noisy_mlp().fit(x, y, callbacks=[watch], **FIT)
    assert words in capsys.readouterr().err


def test_a_rollback_goes_back_with_half_the_rate():
    x, y, _ = spoilt("NaN in x")
    model, watch = mlp(optimizer=keras.optimizers.SGD(0.5)), NanWatch(on_nonfinite="rollback")
    model.fit(x, y, callbacks=[watch], **FIT)
    assert float(model.optimizer.learning_rate) == 0.25
    assert is_finite(model)
    assert len(watch.diagnoses) == 1
