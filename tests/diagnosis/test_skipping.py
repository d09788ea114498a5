"""Ctrl-C while a failure is looked into ends the look, not the training, and is told."""

import io
import math
import signal
import sys

import pytest

from fits import is_finite, mlp, table
from nanwatch import NanWatch


class Impatient(io.StringIO):
    """A terminal before which somebody presses Ctrl-C as soon as a certain line appears."""

    def __init__(self, line):
        super().__init__()
        self.line = line

    def write(self, text):
        if self.line in text:
            self.line = "\0"
            signal.raise_signal(signal.SIGINT)
        return super().write(text)


@pytest.fixture
def offline(tmp_path, monkeypatch):
    monkeypatch.setenv("NANWATCH_DIR", str(tmp_path))
    monkeypatch.setenv("NANWATCH_MODE", "offline")


@pytest.mark.parametrize("line", ["trying", "looking for the cause"])
def test_the_examination_is_skipped_and_the_fit_goes_on(offline, monkeypatch, line):
    monkeypatch.setattr(sys, "stderr", Impatient(line))
    x, y = table(160)
    x[40, 1] = math.nan
    model, watch = mlp(), NanWatch(on_nonfinite="skip")
    history = model.fit(x, y, batch_size=16, shuffle=False, verbose=0, callbacks=[watch])
    text = sys.stderr.getvalue()
    assert "the examination" in text
    assert len(history.epoch) == 1
    assert is_finite(model)
    assert watch.diagnoses[0].symptom == "nan_loss"


def test_what_was_not_tried_is_told_as_skipped(offline, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Impatient("trying"))
    x, y = table(160)
    x[40, 1] = math.nan
    mlp().fit(x, y, batch_size=16, shuffle=False, verbose=0, callbacks=[NanWatch()])
    assert "Not proven by a replay: not made: skipped by Ctrl-C." in sys.stderr.getvalue()
