"""MirroredStrategy on two devices: what is recorded, held back and diagnosed there."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import mirrored
from fits import batches_of, losses_alone, mlp, table


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """Runs a function of `mirrored` in a process with two devices, and a data folder of its own."""
    begin = mirrored.begin_with_two_devices
    with (
        pytest.MonkeyPatch.context() as patched,
        ProcessPoolExecutor(1, get_context("spawn"), begin) as process,
    ):
        patched.setenv("NANWATCH_DIR", str(tmp_path_factory.mktemp("there")))
        yield lambda function, *args: process.submit(function, *args).result()


def test_the_losses_are_those_of_the_whole_batch_a_short_one_included(there):
    losses, same, notes = there(mirrored.twins, "mlp")
    alone = losses_alone(mlp(), batches_of(*table(57)))
    np.testing.assert_allclose(losses[:4], alone, rtol=1e-5)
    assert same
    assert "mean of the replicas' own norms" in notes[0]


def test_every_replica_is_that_of_an_unwatched_fit(there):
    losses, same, _ = there(mirrored.twins, "noisy")
    assert same
    assert len(losses) == 8


@pytest.mark.parametrize(("wish", "bad"), [("stop", [2]), ("skip", [2, 6]), ("rollback", [2, 6])])
def test_a_step_that_is_not_finite_is_undone(there, wish, bad):
    found, finite, losses = there(mirrored.guarded, wish)
    assert (found, finite) == (bad, True)
    assert np.isfinite(losses).all()


def test_an_undone_step_leaves_every_replica_as_it_was(there):
    assert there(mirrored.stopped_and_short)


def test_healthy_steps_that_are_lost_with_a_bad_one_are_told(there):
    notes, finite = there(mirrored.undone)
    assert finite
    assert "2 healthy steps were undone with step 2" in notes[-1]


@pytest.mark.parametrize("inside", [False, True])
def test_rows_are_named_inside_and_outside_of_the_strategys_scope(there, inside, home, tmp_path):
    label, where = there(mirrored.diagnosed, inside, tmp_path)
    assert label == "nan_in_features"
    assert (where["rows"], where["samples"]) == ([3], [35])
    assert (tmp_path / "failure.zip").stat().st_size > 0


def test_one_device_is_guarded_too(there):
    assert there(mirrored.on_one_device) == ("Recorder", True, 4)


def test_other_strategies_are_read_from_their_logs(there):
    kind, notes, steps = there(mirrored.on_several_hosts)
    assert (kind, steps) == ("LogsRecorder", 4)
    assert "CollectiveAllReduceStrategy is in use" in notes[0]
