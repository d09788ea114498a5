"""Which series are looked at, and by whom."""

import pytest

from nanwatch.tracks import is_loss, is_watched, make_detectors


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("batch/loss", True),
        ("batch/d_loss", True),
        ("batch/nll", True),
        ("batch/loss_running", False),
        ("batch/val_loss", False),
        ("batch/accuracy", False),
        ("epoch/loss", False),
    ],
)
def test_losses_are_known_by_their_names(name, loss):
    assert is_loss(name) is loss


@pytest.mark.parametrize("name", ["batch/loss", "batch/grad_norm", "epoch/val_loss"])
def test_what_a_failure_shows_in_first_is_looked_at(name):
    assert is_watched(name)
    assert make_detectors(name)


def test_the_learning_rate_is_remembered_only():
    assert is_watched("batch/learning_rate")
    assert make_detectors("batch/learning_rate") == ()


def test_what_is_only_drawn_is_not_watched():
    assert not is_watched("layer/dense/grad_norm")
