"""`nanwatch show BUNDLE`, as a user runs it: without a server and without Keras."""

import json
import math
import subprocess
import sys

import pytest

from fits import mlp, table
from nanwatch import NanWatch


@pytest.fixture
def bundle(home, unhurried, monkeypatch, tmp_path):
    """A bundle of a fit whose third batch holds a NaN."""
    monkeypatch.setenv("NANWATCH_MODE", "offline")
    x, y = table()
    x[40, 1] = math.nan
    watch = NanWatch(verbose=0)
    fit = {"batch_size": 16, "shuffle": False, "verbose": 0}
    mlp(hidden=()).fit(x, y, callbacks=[watch], **fit)
    return watch.save_bundle(tmp_path / "failure.nanwatch.zip")


def show(*arguments):
    command = [sys.executable, "-m", "nanwatch", "show", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_bundle_is_shown_in_words_and_array_by_array(bundle):
    done = show(bundle)
    assert (done.returncode, done.stderr) == (0, "")
    assert "nanwatch: the loss is not finite at step 2 (epoch 1, batch 2)" in done.stdout
    assert "nan_in_features" in done.stdout
    assert "weights, optimizer and seeds before step 2" in done.stdout
    assert "batches/2/x\t16 × 4\tfloat32\t1\t0\t256 B" in done.stdout
    assert f"nanwatch.load_bundle({str(bundle)!r})" in done.stdout


def test_as_json_it_is_for_programs(bundle):
    told = json.loads(show(bundle, "--json").stdout)
    assert told["bundle"]["step"] == 2
    assert told["bundle"]["diagnosis"]["causes"][0]["label"] == "nan_in_features"
    assert told["bundle"]["points"]["batch/loss"] == "NaN"
    x = {"name": "batches/2/x", "shape": [16, 4], "dtype": "float32"}
    assert told["arrays"][0] == {**x, "n_nan": 1, "n_inf": 0, "nbytes": 256}


def test_a_damaged_one_is_told_in_one_line(bundle):
    bundle.write_bytes(bundle.read_bytes()[:-100])
    done = show(bundle)
    assert done.returncode == 1
    assert "is no bundle of nanwatch, or is damaged" in done.stderr
    assert done.stderr.count("\n") == 1


def test_neither_keras_nor_a_backend_is_imported_for_it(bundle):
    code = (
        "import sys; from click.testing import CliRunner; from nanwatch.cli import main; "
        "done = CliRunner().invoke(main, ['show', sys.argv[1]]); assert not done.exit_code, done; "
        "print(sorted({'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, str(bundle)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
