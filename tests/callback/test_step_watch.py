"""Steps are shown to the watcher in groups, and at once when something is not finite."""

import math

import pytest

from nanwatch.recorder.seen import Step
from nanwatch.step_watch import GROUP, StepWatch
from nanwatch.watcher import Watcher

NAMES = ("batch/grad_norm", "batch/learning_rate", "batch/loss")


def step(index, loss=1.0, finite=True, update_finite=True, names=NAMES):
    return Step(index, None, names, [1.0, 0.1, loss], finite, update_finite)


def test_an_explosion_is_dated_as_if_every_step_had_been_looked_at_at_once():
    losses = [1.0] * 30 + [1e3] * 40
    watch, direct = StepWatch(Watcher()), Watcher()
    grouped = [s for i, loss in enumerate(losses) for s in watch.look(step(i, loss))]
    at_once = [direct.observe("batch/loss", i, loss) for i, loss in enumerate(losses)]
    assert grouped == [signal for signal in at_once if signal]
    assert [s.symptom for s in grouped if s.severity == "critical"] == ["exploding_loss"]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_not_finite_is_seen_at_its_own_step(bad):
    watch = StepWatch(Watcher())
    assert watch.look(step(0)) == []
    (signal,) = watch.look(step(1, bad, finite=False))
    assert (signal.symptom, signal.first_step) == ("nan_loss", 1)


def test_a_part_that_is_not_finite_does_not_wait_for_the_whole():
    watch = StepWatch(Watcher())
    (signal,) = watch.look(step(0, math.nan, names=(*NAMES[:2], "batch/g_loss")))
    assert signal.series == "batch/g_loss"


@pytest.mark.parametrize(
    ("gradient", "loss", "fault"),
    [(math.nan, 1.0, "gradient"), (math.nan, math.nan, "loss"), (1.0, math.inf, "loss")],
)
def test_what_was_not_finite_first_is_told(gradient, loss, fault):
    watch = StepWatch(Watcher())
    (signal,) = watch.look(Step(0, None, NAMES, [gradient, 0.1, loss], finite=False))
    assert signal.fault == fault


def test_lost_weights_are_a_symptom_once():
    watch = StepWatch(Watcher())
    (signal,) = watch.look(step(0, update_finite=False))
    assert (signal.symptom, signal.first_step, signal.fault) == ("nan_loss", 0, "weights")
    assert watch.look(step(1, update_finite=False)) == []


def test_what_waits_is_looked_at_when_asked():
    watcher = Watcher()
    watch = StepWatch(watcher)
    for index in range(GROUP - 1):
        watch.look(step(index))
    assert watch.catch_up() == []
    signal = watcher.observe("batch/loss", GROUP, math.nan)
    assert watcher.case(signal).history.seen == GROUP
