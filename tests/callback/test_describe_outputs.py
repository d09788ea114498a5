"""What stands at the end of a model: found through whatever is behind it, in real models."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from fits import mlp, state_of, two_outputs
from nanwatch.describe import describe_outputs, look_ahead

X = np.zeros((4, 6), "float32")


def ends(*tail):
    """The only output of a sequential model that ends in `tail`."""
    model = keras.Sequential([keras.Input((6,)), *tail])
    (output,) = describe_outputs(model)
    return output


class Own(keras.Model):
    """Layers called in an order of its own; with `bare`, a softmax that is no layer."""

    def __init__(self, bare=False):
        super().__init__()
        self.last = layers.Dense(3, None if bare else "softmax", name="last")
        self.first = layers.Dense(4, "relu")
        self.drop, self.bare = layers.Dropout(0.5), bare

    def call(self, x, training=None):
        scores = self.drop(self.last(self.first(x)), training=training)
        return tf.nn.softmax(scores) if self.bare else scores


class Head(layers.Layer):
    """A composite layer of the user's own."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2, "sigmoid")

    def call(self, x):
        return self.dense(x)


ENDINGS = {
    "its own": ([layers.Dense(3, "softmax")], "softmax", []),
    "none": ([layers.Dense(3)], "linear", []),
    "an activation layer": ([layers.Dense(3), layers.Activation("sigmoid")], "sigmoid", []),
    "a softmax layer": ([layers.Dense(3), layers.Softmax()], "softmax", []),
    "a relu layer": ([layers.Dense(3), layers.ReLU()], "relu", []),
    "a linear activation": ([layers.Dense(3, "tanh"), layers.Activation("linear")], "tanh", []),
    "shapes": (
        [layers.Dense(6, "relu"), layers.Reshape((2, 3)), layers.Flatten()],
        "relu",
        ["Flatten", "Reshape"],
    ),
    "dropout": ([layers.Dense(3, "sigmoid"), layers.Dropout(0.1)], "sigmoid", ["Dropout"]),
    "pooling": (
        [
            layers.Reshape((6, 1)),
            layers.Conv1D(2, 2, activation="relu"),
            layers.GlobalAveragePooling1D(),
        ],
        "relu",
        ["GlobalAveragePooling1D"],
    ),
    "each time": (
        [layers.Reshape((3, 2)), layers.TimeDistributed(layers.Dense(3, "softmax"))],
        "softmax",
        [],
    ),
    "an LSTM": ([layers.Reshape((3, 2)), layers.LSTM(2)], "tanh", []),
    "a normalisation": ([layers.Dense(3, "relu"), layers.BatchNormalization()], "linear", []),
    "something opaque": ([layers.Dense(3, "relu"), layers.Lambda(lambda x: x - 1)], "", []),
}


@pytest.mark.parametrize(("tail", "activation", "behind"), ENDINGS.values(), ids=ENDINGS)
def test_the_activation_in_effect_is_found(tail, activation, behind):
    found = ends(*tail)
    assert (found["activation"], found["behind"]) == (activation, behind)


def test_a_rescaling_is_told_when_it_changes_the_range():
    kept = ends(layers.Dense(3, "softmax"), layers.Rescaling(1.0))
    changed = ends(layers.Dense(3, "sigmoid"), layers.Rescaling(10.0))
    assert (kept["behind"], kept["rescaled"]) == (["Rescaling"], False)
    assert (changed["activation"], changed["rescaled"]) == ("sigmoid", True)


def test_an_activation_above_another_tells_both():
    found = ends(layers.Dense(3, "softmax"), layers.Dropout(0.1), layers.Softmax(name="top"))
    assert (found["layer"], found["activation"], found["fed_by"]) == ("top", "softmax", "softmax")


@pytest.mark.parametrize("sequential", [True, False])
def test_inner_models_are_looked_into(sequential):
    ins = keras.Input((6,))
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(2, "sigmoid", name="deep")])
    if not sequential:
        inner = keras.Model(ins, layers.Reshape((6,))(layers.Dense(6, "sigmoid", name="deep")(ins)))
    model = keras.Model(ins, layers.Flatten()(inner(ins)))
    (found,) = describe_outputs(model)
    assert (found["layer"], found["activation"]) == ("deep", "sigmoid")


def test_operations_of_a_graph_are_known():
    ins = keras.Input((6,))
    model = keras.Model(ins, keras.ops.reshape(keras.ops.softmax(layers.Dense(4)(ins)), (-1, 2, 2)))
    assert describe_outputs(model)[0]["activation"] == "softmax"


def test_several_ways_into_one_output_are_not_guessed():
    ins = keras.Input((6,))
    both = layers.Add()([layers.Dense(2, "sigmoid")(ins), layers.Dense(2, "sigmoid")(ins)])
    assert describe_outputs(keras.Model(ins, both))[0]["activation"] == ""


def test_a_subclassed_model_is_followed_call_by_call_and_left_as_it_was():
    model = Own()
    model.compile("adam", "sparse_categorical_crossentropy")
    assert describe_outputs(model) == []
    model(X)
    before = state_of(model)
    (found,) = describe_outputs(model, (X, np.zeros(4)))
    assert (found["layer"], found["activation"], found["units"]) == ("last", "softmax", 3)
    assert found["loss"]["class"] == "sparse_categorical_crossentropy"
    assert state_of(model) == before


def test_a_function_of_the_users_own_at_the_end_is_not_guessed():
    (found,) = describe_outputs(Own(bare=True), (X, np.zeros(4)))
    assert found["activation"] == ""
    assert (found["low"], found["high"]) == pytest.approx((1 / 3, 1 / 3))


def test_a_composite_layer_is_looked_into_where_there_are_data():
    model = keras.Sequential([keras.Input((6,)), Head()])
    assert describe_outputs(model)[0]["activation"] == ""
    assert describe_outputs(model, (X, X))[0]["activation"] == "sigmoid"


def test_each_output_has_its_loss_and_weight_before_and_after_the_first_step():
    model, y = two_outputs(), {"price": np.zeros((4, 1)), "size": np.zeros((4, 1))}
    early = describe_outputs(model)
    model.train_on_batch(np.zeros((4, 4), "float32"), y)
    for outputs in (early, describe_outputs(model)):
        told = [(out["name"], out["loss"]["class"], out["loss_weight"]) for out in outputs]
        assert told == [("price", "mean_squared_error", 2.0), ("size", "mean_absolute_error", 1.0)]


def test_a_loss_is_told_with_all_its_arguments_however_it_was_given():
    model = mlp(loss=keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1))
    config = describe_outputs(model)[0]["loss"]["config"]
    assert (config["from_logits"], config["label_smoothing"]) == (True, 0.1)


def test_the_loss_that_keras_chooses_itself_is_known_once_it_is_chosen():
    model = mlp(loss="crossentropy")
    model.train_on_batch(np.zeros((4, 4), "float32"), np.zeros((4, 1)))
    assert describe_outputs(model)[0]["loss"]["class"] == "binary_crossentropy"


def test_a_schedule_is_looked_ahead_over_the_whole_run():
    rise = keras.optimizers.schedules.PiecewiseConstantDecay([50], [0.01, 10.0])
    ahead = look_ahead(mlp(optimizer=keras.optimizers.SGD(rise)), {"epochs": 4, "steps": 25})
    assert (ahead["first"], ahead["highest"]) == pytest.approx((0.01, 10.0))
    assert 50 < ahead["highest_step"] < 100
    assert look_ahead(mlp(), {"epochs": 4, "steps": 25}) == {}


def test_a_schedule_that_is_no_number_from_the_first_step_is_told_as_such():
    lost = keras.optimizers.schedules.ExponentialDecay(float("nan"), 10, 0.9)
    ahead = look_ahead(mlp(optimizer=keras.optimizers.SGD(lost)), {"epochs": 4, "steps": 25})
    assert ahead["not_finite"] == 0
