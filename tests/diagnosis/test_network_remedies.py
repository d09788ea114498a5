"""Remedies of the network and its task: what each changes in its block, and that it is undone."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from fits import state_of, table
from nanwatch.autopsy.layers import own_activation
from nanwatch.autopsy.remedies import REMEDIES, data, network, task

LAYERS = keras.layers


def model(*layers, loss="mse", optimizer="sgd"):
    made = keras.Sequential([keras.Input((4,)), *layers])
    made.compile(optimizer, loss)
    return made


def batches(n=4, rows=8):
    x, y = table(n * rows)
    return [(x[i : i + rows], y[i : i + rows]) for i in range(0, n * rows, rows)]


def activations(made):
    return [own_activation(layer) for layer in made.layers]


def test_weights_are_drawn_anew_and_biases_begin_at_zero():
    made = model(LAYERS.Dense(16, kernel_initializer="zeros", bias_initializer="ones"))
    network.redraw(made)
    kernel, bias = made.get_weights()
    assert kernel.std() > 0.1
    assert not bias.any()


def test_recurrent_kernels_are_drawn_orthogonal():
    made = keras.Sequential([keras.Input((5, 4)), LAYERS.SimpleRNN(6)])
    network.redraw(made)
    kernel = next(v for v in made.trainable_variables if v.name == "recurrent_kernel").numpy()
    np.testing.assert_allclose(kernel @ kernel.T, np.eye(6), atol=1e-5)


@pytest.mark.parametrize(
    ("change", "before", "within"),
    [
        (network.hidden_relu, ("sigmoid", "tanh", "sigmoid"), ["relu", "relu", "sigmoid"]),
        (network.leaky_relu, ("relu", "relu", None), ["leaky_relu", "leaky_relu", "linear"]),
        (network.between_relu, (None, None, None), ["relu", "relu", "linear"]),
    ],
)
def test_activations_change_within_the_block_only(change, before, within):
    made = model(*(LAYERS.Dense(3, name) for name in before))
    old = activations(made)
    with change(made):
        assert activations(made) == within
    assert activations(made) == old


def test_dropout_between_leaves_layers_linear_and_an_activation_layer_does_not():
    bent = model(LAYERS.Dense(3), LAYERS.ReLU(), LAYERS.Dense(1))
    straight = model(LAYERS.Dense(3), LAYERS.Dropout(0.1), LAYERS.Dense(1))
    assert network.linear_in_a_row(bent) == []
    assert network.linear_in_a_row(straight) == straight.layers[:1]


def test_normalising_takes_units_off_their_ends():
    made = model(LAYERS.Dense(8, "tanh"), LAYERS.Dense(1))
    made.layers[0].kernel.assign(50 * made.layers[0].kernel)
    hidden = keras.Sequential(made.layers[:1])
    x = table(64)[0]
    with network.normalized(made):
        assert np.abs(hidden(x)).mean() < 0.8
    assert np.abs(hidden(x)).mean() > 0.9


def test_frozen_layers_learn_within_the_block_and_are_frozen_again():
    frozen = LAYERS.Dense(8, "relu", trainable=False)
    made = model(frozen, LAYERS.Dense(1), optimizer="adam")
    before, kernel = state_of(made), frozen.kernel.numpy()
    optimizer = made.optimizer
    with network.unfreeze(made):
        assert len(made.trainable_variables) == 4
        made.train_step(batches()[0])
        assert not np.array_equal(kernel, frozen.kernel.numpy())
    assert (len(made.trainable_variables), made.optimizer) == (2, optimizer)
    frozen.kernel.assign(kernel)
    assert len(state_of(made)) == len(before)


def test_small_batches_are_joined():
    joined = data.larger_batch(batches(n=8, rows=8))
    assert [len(x) for x, _ in joined] == [32, 32]


def loss_within(made, batch, settings):
    with settings(made, [batch]):
        x, y = batch
        return float(made.compute_loss(x=x, y=y, y_pred=made(x)))


def test_flipped_logits_are_judged_as_such():
    kind = keras.losses.BinaryCrossentropy
    made = model(LAYERS.Dense(1), loss=kind())
    x, _ = table(8)
    y = tf.constant(np.arange(8)[:, None] % 2, tf.float32)
    expected = float(kind(from_logits=True)(y, made(x)))
    found = loss_within(made, (x, y), REMEDIES["flip_from_logits"].settings)
    assert found == pytest.approx(expected)


TASKS = {
    "as_regression": (np.eye(3)[np.arange(8) % 3], "mse", "linear"),
    "as_binary": (np.eye(3)[np.arange(8) % 3], "binary_crossentropy", "sigmoid"),
    "as_classes": (np.arange(8) % 3, "sparse_categorical_crossentropy", "softmax"),
}


@pytest.mark.parametrize("name", TASKS)
def test_a_task_has_its_own_head_and_loss_and_is_undone(name):
    labels, loss, head = TASKS[name]
    made, x = model(LAYERS.Dense(3, "tanh"), loss="hinge"), table(8)[0]
    found = loss_within(made, (x, labels), REMEDIES[name].settings)
    assert activations(made) == ["tanh"]
    made.layers[0].activation = keras.activations.get(head)
    expected = np.mean(keras.losses.get(loss)(labels.astype("float32"), made(x)))
    assert found == pytest.approx(expected, rel=1e-5)


def test_labels_are_coded_anew():
    x = np.zeros((4, 2), "float32")
    ((_, y),) = task.labels_to_01([(x, np.array([-1.0, 1.0, 1.0, -1.0], "float32"))])
    np.testing.assert_array_equal(y, [0, 1, 1, 0])
    ((_, y),) = task.labels_from_zero([(x, np.array([1, 2, 7, 2]))])
    np.testing.assert_array_equal(y, [0, 1, 2, 1])
