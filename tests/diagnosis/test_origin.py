"""Where a replay begins: the weights of the beginning under the rate of now."""

import keras
import numpy as np
import pytest

from fits import mlp, state_of, table
from nanwatch.autopsy.origin import at_this_rate, other_rates, same_rates
from nanwatch.recorder.snapshot import Snapshot


def trained(rate=0.01):
    model = mlp(optimizer=keras.optimizers.SGD(rate))
    model.optimizer.build(model.trainable_variables)
    start = Snapshot(model, 0)
    model.train_on_batch(*table(16))
    return model, start


def test_a_rate_that_nobody_changed_is_the_same():
    model, start = trained()
    assert same_rates(model, start)
    model.optimizer.learning_rate = 0.5
    assert not same_rates(model, start)


def test_the_weights_are_those_of_the_beginning_and_the_rate_that_of_now():
    model, start = trained()
    model.optimizer.learning_rate = 0.5
    before, kernel = state_of(model), start.values[0]
    origin = at_this_rate(model, start)
    assert state_of(model) == before
    origin.restore()
    assert float(model.optimizer.learning_rate) == 0.5
    np.testing.assert_array_equal(kernel[0].value, kernel[1])


def test_a_schedule_goes_on_from_where_it_stands():
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.1, 0.9])
    model, start = trained(schedule)
    assert same_rates(model, start)
    at_this_rate(model, start).restore()
    assert float(model.optimizer.learning_rate) == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("now", "other"), [(0.02, False), (0.5, True), (0.001, False), (1e-9, True)]
)
def test_a_rate_that_was_raised_or_is_gone_is_another_one(now, other):
    model, start = trained()
    model.optimizer.learning_rate = now
    assert other_rates(model, start) == other
