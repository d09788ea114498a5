"""Which layers were never trained, told from their weights."""

import keras
import numpy as np
import pytest
from keras import layers

from nanwatch.describe import describe_model
from nanwatch.describe_weights import is_fresh

KINDS = {
    "dense": lambda: (layers.Dense(3), (4,)),
    "convolution without a bias": lambda: (layers.Conv2D(3, 2, use_bias=False), (6, 6, 1)),
    "embedding": lambda: (layers.Embedding(7, 3), (5,)),
    "recurrent cell": lambda: (layers.LSTMCell(3), (4,)),
}


def built(name):
    layer, shape = KINDS[name]()
    layer.build((None, *shape))
    return layer


@pytest.mark.parametrize("name", KINDS)
def test_a_new_layer_is_fresh(name):
    assert is_fresh(built(name))


@pytest.mark.parametrize("name", KINDS)
def test_a_layer_that_moved_is_not(name):
    layer = built(name)
    kernel = layer._trainable_variables[0]
    kernel.assign(kernel + 1e-3)
    assert not is_fresh(layer)


def test_a_bias_that_moved_tells_of_training_as_well():
    layer = built("dense")
    layer.bias.assign(layer.bias + 0.01)
    assert not is_fresh(layer)


def test_vectors_from_elsewhere_are_not_fresh():
    vectors = keras.initializers.Constant(np.eye(7))
    layer = layers.Embedding(7, 7, embeddings_initializer=vectors)
    layer.build((None, 5))
    assert not is_fresh(layer)


def test_a_matrix_of_zeros_holds_nothing_learnt():
    layer = layers.Embedding(9, 4, weights=[np.zeros((9, 4))])
    layer.build((None, 5))
    assert is_fresh(layer)


def test_offsets_of_zero_alone_prove_nothing():
    layer = layers.BatchNormalization()
    layer.build((None, 4))
    assert not is_fresh(layer)


def test_the_facts_tell_it_of_frozen_layers():
    body = [layers.Dense(3, trainable=False), layers.Dense(1)]
    frozen, head = describe_model(keras.Sequential([keras.Input((4,)), *body]))["layers"][1:]
    assert (frozen["fresh"], frozen["blank"]) == (True, False)
    assert "fresh" not in head
