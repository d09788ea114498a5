"""Every form in which data comes: structures, streams and kinds of tensor."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from keras import layers

from fits import batches_of, losses_alone, mlp, noisy_mlp, recorded, table, two_outputs
from recorder.programs import compiled
from recorder.twins import assert_same_weights, assert_unnoticed

X, Y = table()
W = np.linspace(0.5, 1.5, 64, dtype="float32")

pytestmark = [  # Keras' own words on an output without a loss and a stream without a length
    pytest.mark.filterwarnings("ignore:Gradients do not exist"),
    pytest.mark.filterwarnings("ignore:Your input ran out of data"),
]


def two_inputs():
    keras.utils.set_random_seed(7)
    inputs = {name: keras.Input((4,), name=name) for name in ("left", "right")}
    return compiled(keras.Model(inputs, layers.Dense(1)(layers.add(list(inputs.values())))))


def list_of_inputs():
    keras.utils.set_random_seed(7)
    inputs = [keras.Input((4,)), keras.Input((4,))]
    return compiled(keras.Model(inputs, layers.Dense(1)(layers.concatenate(inputs))))


def list_of_outputs(**more):
    keras.utils.set_random_seed(7)
    inputs = keras.Input((4,))
    outputs = [layers.Dense(1, name=name)(inputs) for name in ("a", "b")]
    return compiled(keras.Model(inputs, outputs), loss=["mse", "mae"], **more)


def one_output_without_loss():
    model = two_outputs()
    return compiled(model, loss={"price": "mse", "size": None})


def unsupervised():
    """Without targets, the loss is what layers add."""
    keras.utils.set_random_seed(7)
    dense = layers.Dense(4, activity_regularizer="l2")
    return compiled(keras.Sequential([keras.Input((4,)), dense]), loss=None)


def sparse():
    keras.utils.set_random_seed(7)
    inputs = keras.Input((4,), sparse=True)
    return compiled(keras.Model(inputs, layers.Dense(1)(inputs)))


class RaggedMean(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = layers.Dense(1)

    def call(self, x):
        return self.out(tf.reduce_mean(x, axis=1, keepdims=True))


def ragged():
    keras.utils.set_random_seed(7)
    return compiled(RaggedMean())


def ragged_rows():
    return tf.RaggedTensor.from_row_lengths(tf.range(160.0) / 160, [2, 3] * 32)


def rows_of(*parts):
    return tf.data.Dataset.from_tensor_slices(parts if len(parts) > 1 else parts[0]).batch(16)


FORMS = {
    "a frame": (mlp, lambda: (pd.DataFrame(X, columns=list("abcd")), pd.Series(Y[:, 0]))),
    "tensors": (mlp, lambda: (tf.constant(X), tf.constant(Y))),
    "whole numbers": (mlp, lambda: ((X * 9).astype("int32"), Y)),
    "double precision": (mlp, lambda: (X.astype("float64"), Y.astype("float64"))),
    "a target without a column": (mlp, lambda: (X, Y[:, 0])),
    "a dictionary of inputs": (two_inputs, lambda: ({"left": X, "right": -X}, Y)),
    "a list of inputs": (list_of_inputs, lambda: ([X, -X], Y)),
    "a dictionary of outputs": (two_outputs, lambda: (X, {"price": Y, "size": -Y})),
    "a list of outputs": (list_of_outputs, lambda: (X, [Y, -Y])),
    "an output without a loss": (one_output_without_loss, lambda: (X, {"price": Y, "size": Y})),
    "no targets": (unsupervised, lambda: (X,)),
    "sparse": (sparse, lambda: (rows_of(tf.sparse.from_dense(X), Y),)),
    "ragged": (ragged, lambda: (rows_of(ragged_rows(), Y),)),
    "a ragged tensor": (ragged, lambda: (ragged_rows(), Y)),
}


@pytest.mark.parametrize("name", FORMS)
def test_data_of_every_form_trains_as_if_unwatched(name):
    make, data = FORMS[name]
    recording = assert_unnoticed(make, data, epochs=2)
    assert all(step.batch is not None for step in recording.steps)


class Pipeline(keras.utils.PyDataset):
    """Batches that worker threads fetch."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return batches_of(X, Y)[index]


def generated(*parts):
    """A dataset from a generator: it has no length, and every batch the size that it happens to."""
    signature = tuple(tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in parts)
    rows = [tuple(part[at : at + 16] for part in parts) for at in range(0, 64, 16)]
    return tf.data.Dataset.from_generator(lambda: iter(rows), output_signature=signature)


def generator(*parts, times=2):
    for _ in range(times):
        for at in range(0, 64, 16):
            yield tuple(part[at : at + 16] for part in parts)


def named_batches():
    for x, y in generator(X, Y):
        yield {"left": x, "right": -x}, y


STREAMS = {
    "tf.data": (mlp, lambda: rows_of(X, Y), {}),
    "weighted tf.data": (mlp, lambda: rows_of(X, Y, W), {}),
    "tf.data of inputs only": (unsupervised, lambda: rows_of(X), {}),
    "prefetched": (mlp, lambda: rows_of(X, Y).prefetch(tf.data.AUTOTUNE), {}),
    "repeated": (mlp, lambda: rows_of(X, Y).repeat(), {"steps_per_epoch": 3}),
    "generated tf.data": (mlp, lambda: generated(X, Y), {"steps_per_epoch": 2}),
    "PyDataset": (mlp, Pipeline, {}),
    "PyDataset with workers": (mlp, lambda: Pipeline(workers=2), {}),
    "generator": (mlp, lambda: generator(X, Y), {"steps_per_epoch": 4}),
    "generator with weights": (mlp, lambda: generator(X, Y, W), {"steps_per_epoch": 4}),
    "generator of inputs only": (unsupervised, lambda: generator(X), {"steps_per_epoch": 4}),
    "generator of dictionaries": (two_inputs, named_batches, {"steps_per_epoch": 4}),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_of_every_kind_trains_as_if_unwatched(name):
    make, data, how = STREAMS[name]
    assert_unnoticed(make, lambda: (data(),), batch_size=None, epochs=2, **how)


def filtered():
    return rows_of(X, Y).filter(lambda x, _: x[0, 0] < 9)


UNCOUNTED = {"filtered": filtered, "generated": lambda: generated(X, Y)}


@pytest.mark.parametrize("name", UNCOUNTED)
def test_a_stream_without_a_length_counts_the_batches_that_it_has(name):
    """Keras' graph of one step counts one more as the stream ends; that of several does not."""
    watched, twin = noisy_mlp(), noisy_mlp(steps_per_execution=3)
    recording = recorded(watched, UNCOUNTED[name](), batch_size=None, epochs=2)
    twin.fit(UNCOUNTED[name](), epochs=2, shuffle=False, verbose=0)
    assert len(recording.steps) == int(watched.optimizer.iterations) == 8
    assert_same_weights(watched, twin)


@pytest.mark.parametrize("at_once", [1, 3])
@pytest.mark.parametrize("name", ["tf.data", "PyDataset with workers", "prefetched"])
def test_a_streams_batches_are_told_in_order(name, at_once):
    _, data, how = STREAMS[name]
    steps = recorded(mlp(steps_per_execution=at_once), data(), batch_size=None, **how).steps
    np.testing.assert_array_equal(np.concatenate([step.batch[0] for step in steps]), X)


def test_a_last_batch_of_a_few_rows_has_its_own_loss():
    recording = assert_unnoticed(mlp, lambda: (X[:56], Y[:56]), epochs=2)
    assert len(recording.steps[3].batch[0]) == 8


WEIGHTS = {
    "rows": (mlp, {"sample_weight": W}),
    "classes": (
        lambda: compiled(mlp(), loss="binary_crossentropy"),
        {"class_weight": {0: 0.5, 1: 3.0}},
    ),
    "rows of several outputs": (list_of_outputs, {"sample_weight": [W, W[::-1]]}),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_are_in_the_loss(name):
    make, how = WEIGHTS[name]
    y = (Y[:, 0] > 0).astype("int32")
    targets = [Y, -Y] if make is list_of_outputs else y
    assert_unnoticed(make, lambda: (X, targets), epochs=2, **how)


def test_each_outputs_loss_is_told_as_keras_tells_it():
    steps = recorded(two_outputs(), X, {"price": Y, "size": -Y}).steps
    batches = [(x, {"price": y, "size": -y}) for x, y in batches_of(X, Y)]
    for key in ("price_loss", "size_loss"):
        losses = [step.points[f"batch/{key}"] for step in steps]
        assert losses == losses_alone(two_outputs(), batches, key)
