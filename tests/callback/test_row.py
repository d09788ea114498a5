"""The row of a step: what stands where, and the points that are made of it."""

import math

import numpy as np
import pytest

from nanwatch.recorder.row import CHECKS, UNKNOWN, Layout, layer_series

VARIABLES = ("net/dense/kernel", "net/dense/bias", "net/head/kernel")
LAYOUT = Layout(("batch/loss",), VARIABLES, 3, ("input/x/min", "input/x/max"))


def row(flags=(1.0,) * 5, updates=(0.3, 0.4, 0.1)):
    return np.array([*flags, 7.0, *(3.0, 4.0, 2.0), *(6.0, 8.0, 0.0), *updates, -1.5, 2.5])


def test_points_and_data_are_read_where_they_stand():
    assert LAYOUT.values(row()) == [7.0]
    details = LAYOUT.details(row(), "net")
    assert (details["input/x/min"], details["input/x/max"]) == (-1.5, 2.5)


def test_the_norms_of_a_layer_are_those_of_its_variables_together():
    details = LAYOUT.details(row(), "net")
    assert details["layer/dense/grad_norm"] == details["layer/dense/weight_norm"] / 2 == 5.0


def test_an_update_is_told_against_the_length_of_the_weights_and_not_for_weights_of_zero():
    details = LAYOUT.details(row(), "net")
    assert details["layer/dense/update_ratio"] == pytest.approx(0.05)
    assert details["batch/update_ratio"] == pytest.approx(math.hypot(0.3, 0.4, 0.1) / 10)
    assert "layer/head/update_ratio" not in details


def test_an_update_that_was_not_measured_is_not_told():
    names = LAYOUT.details(row(updates=(UNKNOWN,) * 3), "net")
    assert not any(name.endswith("update_ratio") for name in names)


@pytest.mark.parametrize("number", range(len(CHECKS)))
def test_each_check_has_its_flag_and_one_bad_replica_of_two_is_enough(number):
    flags = [1.0] * 5
    flags[number] = 0.5
    assert LAYOUT.faults(row(flags)) == (CHECKS[number],)
    assert LAYOUT.faults(row()) == ()


def test_two_norms_of_no_variable_are_no_layers():
    assert layer_series("net", (), np.zeros((2, 0))) == {}
