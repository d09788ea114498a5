"""What is said of a fit that ends or goes on at a value that is not finite: only what is true."""

import pytest

from fits import FIT, noisy_mlp, spoilt
from nanwatch import NanWatch


@pytest.mark.parametrize(
    ("probes", "wish", "words"),
    [
        ("full", "stop", "the fit stops at step 2, its weights healthy"),
        ("off", "stop", "the fit stops at step 2, its weights not finite"),
        ("full", "skip", "1 of 4 updates were not finite, and left out"),
        ("off", "skip", "2 of 4 updates were not finite\n"),
    ],
)
def test_the_state_of_the_weights_is_told_as_it_is(home, monkeypatch, capsys, probes, wish, words):
    monkeypatch.setenv("NANWATCH_MODE", "offline")
    x, y, _ = spoilt("NaN in y")
    watch = NanWatch(probes=probes, on_nonfinite=wish)
    noisy_mlp().fit(x, y, callbacks=[watch], **FIT)
    assert words in capsys.readouterr().err
