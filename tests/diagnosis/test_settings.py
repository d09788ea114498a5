"""Settings of optimizers: what cannot work is named, what is unusual is not."""

import math

import keras
import pytest

from nanwatch.describe import describe_optimizer
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.settings import SETTINGS, wrong_settings

optimizers = keras.optimizers


def wrong(optimizer):
    facts = {"optimizer": describe_optimizer(optimizer)}
    return [name for name, _ in wrong_settings(Case("nan_loss", "critical", 0, facts=facts))]


@pytest.mark.parametrize(
    "kind", ["SGD", "Adam", "AdamW", "RMSprop", "Nadam", "Adamax", "Adagrad", "Adadelta", "Lion"]
)
def test_the_defaults_of_every_optimizer_work(kind):
    assert wrong(getattr(optimizers, kind)()) == []


@pytest.mark.parametrize(
    ("optimizer", "name"),
    [
        (lambda: optimizers.Adam(epsilon=0.0), "epsilon"),
        (lambda: optimizers.SGD(0.1, momentum=1.0), "momentum"),
        (lambda: optimizers.Adam(beta_1=1.0), "beta_1"),
        (lambda: optimizers.SGD(-0.1), "learning_rate"),
        (lambda: optimizers.Adam(math.nan), "learning_rate"),
        (lambda: optimizers.RMSprop(rho=1.0), "rho"),
    ],
)
def test_a_setting_that_cannot_work_is_named(optimizer, name):
    assert wrong(optimizer()) == [name]


def test_the_usual_values_work():
    assert all(setting.fits(setting.usual) for setting in SETTINGS.values())
    assert not any(setting.fits(math.nan) for setting in SETTINGS.values())
