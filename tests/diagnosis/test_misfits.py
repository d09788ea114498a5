"""Real trainings whose loss fits neither target nor last activation, and such as only look so."""

import keras
import numpy as np
import pytest
from keras import layers, losses, ops

from nanwatch import NanWatch

RANDOM = np.random.default_rng(7)
X = RANDOM.normal(size=(384, 6)).astype("float32")
SCORES = X @ RANDOM.normal(size=(6, 4))
YES = (SCORES[:, 0] > 0).astype("int64")
AMOUNT = (SCORES[:, :1] / 2).astype("float32")
ONE_HOT = np.eye(3, dtype="float32")[SCORES[:, :3].argmax(axis=1)]


@pytest.fixture(autouse=True)
def home(tmp_path, unhurried, monkeypatch):
    monkeypatch.setenv("NANWATCH_DIR", str(tmp_path))


def alarms(tail, loss, y):
    """What is told of a training but for information, as (symptom, label, verified).

    The seed is set before the last layers draw their weights: they do so when they are built.
    """
    keras.utils.set_random_seed(7)
    body = [keras.Input((6,)), layers.Dense(16, "relu"), layers.Dense(16, "relu")]
    model = keras.Sequential([*body, *tail])
    model.compile(keras.optimizers.Adam(0.01), loss)
    watch = NanWatch(mode="offline", verbose=0)
    model.fit(X, y, epochs=12, verbose=0, callbacks=[watch])
    told = [found for found in watch.diagnoses if found.severity != "info"]
    return [(found.symptom, found.label, found.causes[0].verified) for found in told]


def negative(y_true, y_pred):
    return -ops.mean(ops.square(y_true - y_pred), axis=-1)


@pytest.mark.filterwarnings("ignore:.*softmax.*:UserWarning")
def test_predictions_that_are_worse_than_the_trained_loss_are_found():
    """Keras trains the scores below the softmax: the loss falls, the prediction is always 1."""
    told = alarms([layers.Dense(1, "softmax")], "binary_crossentropy", YES)
    assert told == [("underfit", "wrong_output_activation", None)]


def test_a_hidden_second_squashing_is_proven_by_a_replay_without_it():
    tail = [layers.Dense(1, "sigmoid"), layers.Flatten()]
    told = alarms(tail, losses.BinaryCrossentropy(from_logits=True), YES)
    assert told == [("underfit", "logits_mismatch", True)]


def test_a_target_out_of_reach_is_found():
    told = alarms([layers.Dense(1, "sigmoid")], "mse", AMOUNT * 20)
    assert told == [("loss_stuck", "wrong_output_activation", True)]


def test_a_maximised_error_is_found():
    ((symptom, label, _),) = alarms([layers.Dense(1)], negative, AMOUNT)
    assert (symptom, label) == ("negative_loss", "loss_sign_error")


HEALTHY = {
    "squared error of one-hot rows": ([layers.Dense(3, "softmax")], "mse", ONE_HOT),
    "cosine similarity": ([layers.Dense(4)], "cosine_similarity", SCORES.astype("float32")),
    "scores that do well as probabilities": ([layers.Dense(1)], "binary_crossentropy", YES),
}


@pytest.mark.parametrize(("tail", "loss", "y"), HEALTHY.values(), ids=HEALTHY)
def test_what_learns_well_is_left_in_peace(tail, loss, y):
    assert alarms(tail, loss, y) == []


def test_a_loss_that_does_not_tell_the_labels_apart_is_found():
    """Every target lies below 0, where the squared logarithmic error sees only zeros."""
    told = alarms([layers.Dense(1)], "msle", AMOUNT - 9)
    assert [label for _, label, _ in told] == ["loss_domain_violation"]


def likelihood(y_true, y_pred):
    p = ops.clip(y_pred, 1e-6, 1 - 1e-6)
    return ops.mean(y_true * ops.log(p) + (1 - y_true) * ops.log(1 - p), axis=-1)


def test_a_bounded_loss_that_is_maximised_is_known_by_what_it_says_of_the_truth():
    labels = YES[:, None].astype("float32")
    ((symptom, label, _),) = alarms([layers.Dense(1, "sigmoid")], likelihood, labels)
    assert (symptom, label) == ("negative_loss", "loss_sign_error")


def test_a_negative_loss_that_likes_the_truth_best_is_left_in_peace():
    def similarity(y_true, y_pred):
        return -ops.exp(-ops.mean(ops.square(y_true - y_pred), axis=-1))

    assert alarms([layers.Dense(1)], similarity, AMOUNT) == []
