"""The recorder that reads Keras' logs, where the step cannot be wrapped."""

import numpy as np
import pytest
import tensorflow as tf

from fits import OneLayer, batches_of, losses_alone, noisy_mlp, recorded, spoilt, table


def test_a_model_that_cannot_be_wrapped_is_read_from_its_logs():
    x, y = table()
    recording = recorded(noisy_mlp(), x, y, probes="off", epochs=2)
    alone = losses_alone(noisy_mlp(), batches_of(x, y) * 2)
    assert recording.losses == pytest.approx(alone, rel=1e-5)
    assert "probes are off" in recording.recorder.notes[0]
    assert recording.steps[0].batch is None


def test_logs_alone_show_the_step_of_a_nan():
    x, y, _ = spoilt("NaN in y")
    recording = recorded(noisy_mlp(), x, y, probes="off", on_nonfinite="stop", stop=True)
    assert [step.finite for step in recording.steps] == [True, True, False]


class Talkative(OneLayer):
    """Its step tells more than numbers."""

    def train_step(self, data):
        more = {"phase": tf.constant("warm-up"), "by_class": tf.ones(3), "of": {"a": 1.0}}
        return {**super().train_step(data), **more}


@pytest.mark.parametrize("probes", ["off", "full"])
def test_logs_that_are_no_numbers_are_left_out(probes):
    model = Talkative()
    model.compile("sgd", "mse")
    recording = recorded(model, *table(), probes=probes, epochs=2)
    assert len(recording.steps) == 8
    assert np.isfinite(recording.losses).all()
    assert not {"batch/phase", "batch/by_class", "batch/of"} & set(recording.steps[0].names)
    assert (recording.recorder.notes == []) == (probes == "full")


@pytest.mark.filterwarnings("ignore:Your input ran out of data")  # Keras' own words
def test_the_end_of_a_stream_is_no_error():
    x, y = table()
    stream = tf.data.Dataset.from_tensor_slices((x, y)).batch(16).filter(lambda a, _: a[0, 0] < 9)
    recording = recorded(noisy_mlp(), stream, probes="off", batch_size=None, epochs=2)
    assert recording.errors == []
    assert len(recording.steps) == 8
