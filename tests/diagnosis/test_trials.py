"""The replays of one examination: within their time, skippable, and the model left as it was."""

import math
import signal
import time

import pytest
import tensorflow as tf

from fits import mlp, state_of, table
from nanwatch.autopsy.trials import NO_STATE, NO_TIME, SKIPPED, Trials
from nanwatch.recorder.snapshot import Snapshot

SECONDS = 60.0


def started(bad=None):
    x, y = table()
    x[3, 1] = math.nan if bad is None else bad
    model = mlp()
    model.optimizer.build(model.trainable_variables)
    return model, Snapshot(model, 0), [(tf.constant(x), tf.constant(y))]


def trials_of(model, say=lambda _: None, seconds=SECONDS):
    return Trials(model, say, time.monotonic() + seconds)


def test_each_remedy_is_said_made_and_undone():
    model, start, batches = started()
    before, said = state_of(model), []
    made = trials_of(model, said.append).make(["clip", "drop_rows"], start, batches, SECONDS)
    assert [(name, trial.cured) for name, trial in made.items()] == [
        ("clip", False),
        ("drop_rows", True),
    ]
    assert made["drop_rows"].words in said[1]
    assert state_of(model) == before


def test_ctrl_c_ends_the_replays_and_the_rest_is_told_as_skipped():
    model, start, batches = started()
    before = state_of(model)

    def interrupt(line):
        if "clipped" in line:
            signal.raise_signal(signal.SIGINT)

    trials = trials_of(model, interrupt)
    names = ["drop_rows", "clip", "lower_rate"]
    assert list(trials.make(names, start, batches, SECONDS)) == ["drop_rows"]
    assert trials.untried == {"clip": SKIPPED, "lower_rate": SKIPPED}
    assert state_of(model) == before
    assert trials.make(["redraw"], start, batches, SECONDS) == {}
    assert trials.untried["redraw"] == SKIPPED


def test_what_the_time_does_not_reach_is_told():
    model, start, batches = started(bad=0.0)
    trials = trials_of(model, seconds=-1.0)
    made = trials.make(["clip", "redraw", "lower_rate"], start, batches, SECONDS)
    assert list(made) == ["clip", "redraw"]
    assert trials.untried == {"lower_rate": NO_TIME}


@pytest.mark.parametrize("kept", [True, False])
def test_without_state_or_batches_nothing_is_tried(kept):
    model, start, _ = started()
    trials = trials_of(model)
    assert trials.make(["clip"], start if kept else None, [], SECONDS) == {}
    assert trials.untried == {"clip": NO_STATE}


def test_a_change_that_the_step_refuses_is_told_with_its_error():
    model, start, batches = started()
    trials = trials_of(model)
    assert trials.make(["flip_from_logits"], start, batches, SECONDS) == {}
    assert "ValueError: a loss without from_logits" in trials.untried["flip_from_logits"]
