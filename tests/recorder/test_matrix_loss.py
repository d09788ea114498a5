"""The loss of every batch and the weights after it, over the networks that Keras can build."""

import keras
import pytest

from fits import table
from recorder.programs import NETWORKS
from recorder.sequences import SEQUENCES
from recorder.twins import assert_unnoticed


def seeded(make):
    """`make`, always with the same weights."""

    def made():
        keras.utils.set_random_seed(7)
        return make()

    return made


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_trains_as_if_unwatched(name):
    assert_unnoticed(seeded(NETWORKS[name]), table, epochs=2)


@pytest.mark.parametrize("name", SEQUENCES)
def test_sequences_and_pictures_train_as_if_unwatched(name):
    make, data = SEQUENCES[name]
    assert_unnoticed(seeded(make), data, epochs=2)
