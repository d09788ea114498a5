"""Penalties: when their own step overshoots, shown against gradient descent itself."""

import pytest

from nanwatch.diagnosis.case import Autopsy, Case
from nanwatch.diagnosis.penalty import is_to_blame, overshoot, penalties, pull


def case_of(l2=0.0, rate=0.01, kind="SGD", **config):
    layers = [
        {"name": "free"},
        {"name": "held", "regularizers": {"kernel": {"l1": 0.0, "l2": l2}}},
    ]
    optimizer = {"class": kind, "learning_rate": rate, "config": config}
    return Case(
        "nan_loss", "critical", 3, facts={"model": {"layers": layers}, "optimizer": optimizer}
    )


def descends(rate, l2, momentum):
    """Whether gradient descent on the penalty alone brings a weight to zero."""
    weight, velocity = 1.0, 0.0
    for _ in range(2000):
        velocity = momentum * velocity - rate * 2 * l2 * weight
        weight += velocity
        if abs(weight) > 1e6:
            return False
    return abs(weight) < 1e-3


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("share", [0.5, 0.95, 1.05, 3.0])
def test_a_penalty_overshoots_where_gradient_descent_on_it_diverges(momentum, share):
    l2, rate = 30.0, share * (1 + momentum) / 30.0
    (penalty,) = penalties(case_of(l2, rate, momentum=momentum))
    assert overshoot(case_of(l2, rate, momentum=momentum), penalty) == pytest.approx(share)
    assert descends(rate, l2, momentum) == (share < 1)


def test_adaptive_methods_do_not_overshoot():
    case = case_of(300.0, 1.0, "Adam")
    assert overshoot(case, penalties(case)[0]) == 0
    assert not is_to_blame(case)


def test_weight_decay_is_a_penalty():
    case = case_of(1e-4, 0.1, weight_decay=30.0)
    strongest = penalties(case)[0]
    assert (strongest.layer, strongest.strength) == ("", 15.0)
    assert is_to_blame(case)


@pytest.mark.parametrize("kind", ["SGD", "AdamW"])
def test_weight_decay_shrinks_weights_whatever_the_method_and_its_momentum(kind):
    case = case_of(0.0, 0.1, kind, weight_decay=4.0, momentum=0.9)
    decay = penalties(case)[0]
    assert pull(case, decay) == pytest.approx(0.4)
    assert overshoot(case, decay) == pytest.approx(0.2)


@pytest.mark.parametrize(("losses", "found"), [([{"class": "mse"}], True), ([], False)])
def test_what_add_loss_gives_is_a_penalty_beside_a_loss_that_it_outweighs(losses, found):
    case = Case(
        "nan_loss", "critical", 3, facts={"loss": losses}, autopsy=Autopsy(loss=10.0, penalty=9.9)
    )
    assert bool(penalties(case)) == found


@pytest.mark.parametrize(
    ("l2", "rate", "blamed"), [(1.0, 3.0, True), (1e-4, 1e5, False), (0.01, 150.0, False)]
)
def test_blame_falls_on_the_one_that_is_farther_from_usual(l2, rate, blamed):
    assert is_to_blame(case_of(l2, rate)) == blamed


def test_a_model_without_penalties_has_none():
    assert penalties(Case("nan_loss", "critical", 3)) == []
