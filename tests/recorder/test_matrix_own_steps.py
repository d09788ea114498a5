"""Train steps that users write: their losses and what they leave in every network."""

import keras
import pytest

from fits import recorded, table
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
def test_an_own_step_trains_as_if_unwatched(kind):
    options, key, series = STEPS[kind]
    assert_unnoticed(seeded(kind, **options), table, key=key, series=series, epochs=2)


@pytest.mark.parametrize("kind", ["OwnMean", "TwoSteps", "DCGAN"])
def test_an_own_step_runs_eagerly_as_if_unwatched(kind):
    options, key, series = STEPS[kind]
    make = seeded(kind, run_eagerly=True, **options)
    assert_unnoticed(make, table, key=key, series=series)


def test_both_networks_of_a_gan_have_their_losses_and_norms():
    first = recorded(seeded("DCGAN")(), *table()).steps[0]
    assert {"batch/d_loss", "batch/g_loss"} <= first.points.keys()
    assert len([name for name in first.details if name.endswith("/grad_norm")]) == 2


def test_what_a_gradient_penalty_differentiates_is_no_loss(monkeypatch):
    monkeypatch.setattr(own_steps.WassersteinGAN, "critic_steps", 1)
    assert_unnoticed(seeded("WassersteinGAN"), table, key="d_loss")


def test_an_own_steps_loss_is_told_without_its_scale():
    def make():
        inner = keras.optimizers.SGD(0.01)
        return seeded("Scaling", optimizer=keras.optimizers.LossScaleOptimizer(inner))()

    assert_unnoticed(make, table)
