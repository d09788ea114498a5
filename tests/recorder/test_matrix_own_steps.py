"""Train steps that users write: their losses and what they leave in every network."""

import keras
import pytest

from fits import table
from recorder import own_steps
from recorder.twins import assert_unnoticed


def seeded(kind, *arguments, **options):
    """Makes a model with fixed weights."""

    def make():
        keras.utils.set_random_seed(7)
        model = getattr(own_steps, kind)()
        model.compile(*arguments, **options)
        return model

    return make


STEPS = {  # by class: what it is compiled with, the name of its loss in the logs, and the series
    "OwnMean": ({"optimizer": "adam"}, "loss", "batch/loss"),
    "PlainValues": ({"optimizer": "sgd", "loss": "mse"}, "loss", "batch/loss"),
    "Scaling": ({"optimizer": "sgd"}, "loss", "batch/loss"),
    "TwoSteps": ({"optimizer": "sgd"}, "first", "batch/loss"),
    "ByHand": ({}, "nll", "batch/loss"),
    "VariationalAutoencoder": ({"optimizer": "adam"}, "loss", "batch/loss"),
    "DCGAN": ({}, "d_loss", "batch/d_loss"),
    "WassersteinGAN": ({}, "d_loss", "batch/d_loss"),
}


@pytest.mark.parametrize("kind", STEPS)
@pytest.mark.parametrize("run", [{}, {"run_eagerly": True}], ids=["graph", "eager"])
def test_an_own_step_trains_as_if_unwatched(kind, run):
    options, key, series = STEPS[kind]
    assert_unnoticed(seeded(kind, **options, **run), table, key=key, series=series, epochs=2)
