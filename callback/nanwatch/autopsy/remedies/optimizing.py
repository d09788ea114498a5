"""Other settings of the optimizer and its penalties."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
from keras import tree

from nanwatch.autopsy.remedies.remedy import Block, Remedy, of_model
from nanwatch.diagnosis.rates import usual_rate
from nanwatch.diagnosis.settings import SETTINGS
from nanwatch.recorder.patching import Patch, always, patched
from nanwatch.recorder.snapshot import inner_optimizers

NOTHING = 0.01
"""A rate below this share of the usual one is where a warm-up begins."""
WEAKER = 1e-3
"""What is left of a penalty that shall no longer count."""


@contextlib.contextmanager
def weaker_penalty(model: Any) -> Iterator[None]:
    """A block in which penalties on weights and outputs, and weight decay, weigh a thousandth.

    Penalties on outputs are added to the loss by `add_loss`, like those of the user's own layers.
    """
    owners = [
        *((variable, "_regularizer") for variable in model.trainable_variables),
        *((inner, "weight_decay") for inner in inner_optimizers(model)),
    ]
    patches = [(o, name, _weaker) for o, name in owners if getattr(o, name, None)]
    with patched([*patches, (keras.layers.Layer, "add_loss", _adding(WEAKER))]):
        yield


def negated_addition() -> Block:
    """A block in which what `add_loss` is given has the opposite sign."""
    return patched([(keras.layers.Layer, "add_loss", _adding(-1.0))])


@contextlib.contextmanager
def sane_optimizer(model: Any) -> Iterator[None]:
    """A block in which the optimizer's settings that cannot work are usual ones."""
    patches: list[Patch] = []
    for inner in inner_optimizers(model):
        for name, setting in SETTINGS.items():
            value = getattr(inner, name, None)
            if isinstance(value, int | float) and not setting.fits(value):
                patches.append((inner, name, always(setting.usual)))
        if not SETTINGS["learning_rate"].fits(float(inner.learning_rate)):
            inner.learning_rate = SETTINGS["learning_rate"].usual  # a variable: the replay ends it
    with patched(patches):
        yield


@contextlib.contextmanager
def steady_rate(model: Any) -> Iterator[None]:
    """A block in which no schedule changes the rate: it stays what it is now.

    Where a warm-up begins, at 0 or near, it is the usual one instead.
    """
    inner = inner_optimizers(model)
    rates = [_steady(optimizer) for optimizer in inner]
    name = "_get_current_learning_rate"
    pairs = zip(inner, rates, strict=True)
    with patched([(o, name, always(_giving(rate))) for o, rate in pairs]):
        yield


def _steady(optimizer: Any) -> float:
    rate, usual = float(optimizer.learning_rate), usual_rate(type(optimizer).__name__)
    scheduled = isinstance(
        optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule
    )
    return usual if scheduled and rate < NOTHING * usual else rate


def unclipped(model: Any) -> Block:
    """A block in which no gradient is clipped."""
    limits = ("clipvalue", "clipnorm", "global_clipnorm")
    owners = inner_optimizers(model)
    return patched([(owner, name, lambda _: None) for owner in owners for name in limits])


def ungathered(model: Any) -> Block:
    """A block in which every step makes its update."""
    owners = inner_optimizers(model)
    return patched([(owner, "gradient_accumulation_steps", lambda _: None) for owner in owners])


def _giving(value: Any) -> Callable[[], Any]:
    return lambda: value


def _adding(factor: float) -> Callable[[Any], Any]:
    """A patch of `add_loss` that multiplies what it is given."""

    def make(add_loss: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        return lambda layer, loss: add_loss(layer, tree.map_structure(lambda p: factor * p, loss))

    return make


def _weaker(penalty: Any) -> Any:
    """A thousandth of a strength, or of what a regularizer returns."""
    return (lambda *args: WEAKER * penalty(*args)) if callable(penalty) else WEAKER * penalty


REMEDIES = (
    Remedy("as_it_is", "the same steps once more, unchanged"),
    Remedy("lower_rate", "a rate ten times lower", share=0.1),
    Remedy("much_lower_rate", "a rate a hundred times lower", share=0.01),
    Remedy("far_lower_rate", "a rate a thousand times lower", share=0.001),
    Remedy("higher_rate", "a rate ten times higher", share=10.0),
    Remedy("much_higher_rate", "a rate a thousand times higher", share=1e3),
    Remedy("far_higher_rate", "a rate a million times higher", share=1e6),
    Remedy("steady_rate", "a rate that stays the same", settings=of_model(steady_rate)),
    Remedy("reversed_update", "every update in the other direction", share=-1.0),
    Remedy("clip", "clipped gradients", limit=1.0),
    Remedy("clip_hard", "gradients clipped to a hundredth", limit=0.01),
    Remedy("unclipped", "gradients that are not clipped", settings=of_model(unclipped)),
    Remedy("ungathered", "an update after each step", settings=of_model(ungathered)),
    Remedy("weaker_penalty", "a far weaker penalty", settings=of_model(weaker_penalty)),
    Remedy(
        "weaker_penalty_lower_rate",
        "a weaker penalty and a lower rate",
        share=0.1,
        settings=of_model(weaker_penalty),
    ),
    Remedy(
        "negated_addition", "what add_loss gives negated", settings=lambda *_: negated_addition()
    ),
    Remedy("sane_optimizer", "usual settings of the optimizer", settings=of_model(sane_optimizer)),
    Remedy(
        "sane_optimizer_lower_rate",
        "usual settings of the optimizer and a lower rate",
        share=0.1,
        settings=of_model(sane_optimizer),
    ),
)
