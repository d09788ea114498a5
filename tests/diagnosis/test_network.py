"""What a portrait tells of a network: which weights begin too large, and where a signal ends."""

from dataclasses import replace

import keras
import pytest
import tensorflow as tf

from fits import table
from nanwatch.autopsy.dissect import dissect
from nanwatch.diagnosis.case import Autopsy
from nanwatch.diagnosis.looks import VariableLook
from nanwatch.diagnosis.network import dead, linear_in_a_row, oversized
from nanwatch.diagnosis.silent_examples import kernel, layer
from nanwatch.recorder.source import DataSource


def own(name, norm):
    return VariableLook(f"lift/{name}", "lift", True, norm, size=256)


@pytest.mark.parametrize(("norm", "expected"), [(4.0, []), (40.0, ["hidden/kernel"])])
def test_a_kernel_is_measured_by_what_keeps_a_signal_at_its_scale(norm, expected):
    start = Autopsy(layers=(layer("hidden", "relu"),), variables=(kernel("hidden", norm),))
    assert [look.name for look, _ in oversized(start)] == expected


@pytest.mark.parametrize(
    ("name", "out_of_it", "found"),
    [("matrix", 300.0, True), ("matrix", 3.0, False), ("embeddings", 300.0, False)],
)
def test_an_own_weight_counts_where_its_layer_makes_the_signal_larger(name, out_of_it, found):
    look = replace(layer("lift", kind="Lift"), largest=out_of_it)
    grown = Autopsy(layers=(look,), variables=(own(name, 160.0),))
    assert bool(oversized(grown)) == found


def test_nothing_is_oversized_where_the_beginning_is_not_known():
    assert oversized(None) == []


def test_a_relu_that_is_given_nothing_is_not_the_dead_one():
    cut = layer("after", "relu", dead_share=1.0, input_largest=0.0)
    shown = Autopsy(layers=(layer("before", "relu", dead_share=0.3), cut, layer("out", "linear")))
    assert dead(shown).name == "before"


class TwoLayers(keras.Model):
    """Two linear layers, put together in one way or another."""

    def __init__(self, together):
        super().__init__()
        self.first = keras.layers.Dense(4, name="first")
        self.between = keras.layers.Dropout(0.1)
        self.second = keras.layers.Dense(4, name="second")
        self.together = together

    def call(self, x):
        return self.together(self, x)


ROWS = {
    "one after the other": lambda m, x: m.second(m.first(x)),
    "a layer between that does not bend": lambda m, x: m.second(m.between(m.first(x))),
}
NO_ROWS = {
    "beside each other": lambda m, x: m.first(x) + m.second(x),
    "a function between": lambda m, x: m.second(keras.ops.relu(m.first(x))),
    "beside each other, after a sum": lambda m, x: m.first(x + x) * m.second(x + x),
}


@pytest.mark.parametrize("name", [*ROWS, *NO_ROWS])
def test_a_row_is_one_layer_that_is_given_what_another_one_made(name):
    model = TwoLayers({**ROWS, **NO_ROWS}[name])
    model.compile("sgd", "mse")
    x, _ = table(16)
    batch = (tf.constant(x), tf.constant(x))
    model.fit(*batch, verbose=0)
    found = [look.name for look in linear_in_a_row(dissect(model, batch, DataSource()))]
    assert found == (["first"] if name in ROWS else [])
