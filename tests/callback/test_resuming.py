"""A fit that goes on with the run of a killed one: at the step at which its checkpoint stands."""

import math
import os
import subprocess
import sys

import keras
import pytest
from click.testing import CliRunner

from crashes import kept
from fits import FIT, mlp, table
from nanwatch import NanWatch
from nanwatch.cli import main
from nanwatch.events import RunStarted
from nanwatch.resuming import counted
from nanwatch.spool import stored_streams
from stored import kinds_of

STEPS, CHECKPOINT, KILLED = 10, 50, 83  # of an epoch; of the state that was kept; of the kill

KILLED_FIT = """
import os, sys
import keras
from fits import FIT, mlp, table
from nanwatch import NanWatch
from callback.test_resuming import KILLED, backup

class Kill(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        if int(self.model.optimizer.iterations) == KILLED:
            watch._session._reporter._flush()
            os.kill(os.getpid(), 9)

watch = NanWatch(run="killed", verbose=0)
mlp().fit(*table(160), epochs=20, callbacks=[watch, backup(sys.argv[1]), Kill()], **FIT)
"""


def backup(folder):
    return keras.callbacks.BackupAndRestore(folder, save_freq=CHECKPOINT, delete_checkpoint=False)


@pytest.fixture
def killed(home, tmp_path, live_server):
    """A training that died, and what the server has of it: its id and the checkpoint's folder."""
    folder = tmp_path / "backup"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "NANWATCH_MODE": "offline"}
    done = subprocess.run([sys.executable, "-c", KILLED_FIT, folder], env=environ, check=False)
    assert done.returncode == -9
    (stream,) = stored_streams(home / "spool")
    with_token = {"NANWATCH_TOKEN": live_server.token, "NANWATCH_DIR": str(home)}
    command = CliRunner(env=with_token).invoke(main, ["sync", "--server", live_server.url])
    assert command.exit_code == 0, command.output
    return stream.parent.name, folder


def test_a_killed_fit_goes_on_from_its_checkpoint_as_the_same_run(killed, live_server, monkeypatch):
    monkeypatch.setenv("NANWATCH_TOKEN", live_server.token)
    run_id, folder = killed
    before = kept(live_server.client, run_id)
    assert list(before) == list(range(KILLED))
    x, y = table(160)
    watch = NanWatch(live_server.url, resume=run_id, verbose=0)
    mlp().fit(x, y + 1, epochs=10, callbacks=[watch, backup(folder)], **FIT)
    assert watch.run_id == run_id
    after = kept(live_server.client, run_id)
    assert sorted(after) == list(range(max(after) + 1))
    assert {step for step in before if before[step] != after[step]} == set(
        range(CHECKPOINT, KILLED)
    )
    told = live_server.client.get(f"/runs/{run_id}")
    assert (told["state"], told["name"], told["last_step"]) == ("finished", "killed", max(after))


@pytest.fixture
def offline(home, unhurried, monkeypatch):
    monkeypatch.setenv("NANWATCH_MODE", "offline")
    return home


def test_what_is_found_in_a_resumed_fit_stands_at_its_global_step(offline):
    x, y = table()
    x[40, 1] = math.nan
    watch = NanWatch(resume="earlier", verbose=0)
    mlp().fit(x, y, initial_epoch=5, epochs=6, callbacks=[watch], **FIT)
    (found,) = watch.diagnoses
    assert (found.label, found.first_step) == ("nan_in_features", 5 * 4 + 2)
    place = found.causes[0].where
    assert (place["epoch"], place["batch"], place["rows"]) == (5, 2, [8])


def test_the_fit_after_a_resumed_one_is_a_run_of_its_own(offline):
    watch = NanWatch(resume="earlier", verbose=0)
    for resumes in (True, False):
        mlp().fit(*table(), initial_epoch=1, epochs=2, callbacks=[watch], **FIT)
        assert (watch.run_id == "earlier") is resumes
        (started,) = kinds_of(offline, watch.run_id, RunStarted)
        assert started.resumes is resumes


def test_what_is_no_runs_id_cannot_be_resumed(offline):
    with pytest.raises(ValueError, match="`nanwatch runs` lists"):
        NanWatch(resume="calm otter")


@pytest.mark.parametrize(
    ("epoch", "steps", "updates", "expected"),
    [
        (0, 10, 0, 0),
        (5, 10, 50, 50),  # a whole model, kept at the end of an epoch
        (5, 10, 57, 57),  # kept in the middle of one
        (4, 10, 50, 50),  # kept with its last step
        (5, 10, 0, 50),  # weights alone
        (5, 10, 3057, 50),  # an optimizer that served another training before
        (5, None, 57, 57),
        (5, None, 0, 0),
    ],
)
def test_the_step_is_that_of_the_optimizer_where_it_fits_into_the_epoch(
    epoch, steps, updates, expected
):
    assert counted(epoch, steps, updates) == expected
