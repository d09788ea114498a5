"""A recorded fit that is left in the middle, or whose step or stream raises.

What is recorded of the others, over every road through Keras, stands in tests/recorder.
"""

import keras
import pytest
import tensorflow as tf

from fits import Recording, batches_of, mlp, recorded, table


def test_after_the_fit_the_train_function_is_the_models_own():
    x, y = table()
    model = mlp()
    model.fit(x, y, verbose=0)
    own = model.train_function
    recorded(model, x, y)
    assert model.train_function is own
    assert "train_step" not in vars(model)
    assert model.fit(x, y, verbose=0).history["loss"]


def test_what_a_step_raises_is_told_and_goes_on_its_way():
    x, y = table()

    @keras.saving.register_keras_serializable()
    def refusing(a, b):
        tf.debugging.assert_less(a, 100.0, message="too large")
        return tf.reduce_mean((a - b) ** 2, -1)

    y[40] = 1e6
    model, recording = mlp(loss=refusing), Recording("stop")
    with pytest.raises(tf.errors.InvalidArgumentError, match="too large"):
        model.fit(x, y, batch_size=16, shuffle=False, verbose=0, callbacks=[recording])
    assert [index for index, _ in recording.errors] == [2]


def test_a_stream_that_raises_is_told():
    def broken():
        yield from batches_of(*table())[:2]
        raise OSError("disk gone")

    recording = Recording("stop")
    with pytest.raises(tf.errors.UnknownError, match="disk gone"):
        mlp().fit(broken(), shuffle=False, verbose=0, callbacks=[recording])
    ((index, error),) = recording.errors
    assert index == 2
    assert "disk gone" in str(error)
