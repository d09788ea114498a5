"""The recorder that reads Keras' logs, where the step cannot be wrapped."""

import pytest

from fits import batches_of, losses_alone, noisy_mlp, recorded, spoilt, table


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
