"""`nanwatch check SCRIPT`: real scripts, run with fits that only look."""

import json
import os
import subprocess
import sys
import textwrap

import pytest
from click.testing import CliRunner

from nanwatch.cli import main

HEAD = """
    import sys
    import keras, numpy as np
    x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, name="last")])
    model.compile("adam", "mse")
"""


@pytest.fixture
def check(tmp_path):
    """Checks a script made of the usual head and these lines."""

    def run(lines, *arguments, head=HEAD):
        path = tmp_path / "train.py"
        path.write_text(textwrap.dedent(head) + textwrap.dedent(lines))
        return CliRunner().invoke(main, ["check", str(path), *arguments])

    return run


def test_a_sound_script_ends_with_0(check):
    done = check("print('hello')\nmodel.fit(x, y, epochs=1000, verbose=0)")
    assert done.exit_code == 0
    assert "train.py:9  fit of sequential" in done.stdout
    assert "nothing was found" in done.stdout
    assert "hello" not in done.stdout


def test_certain_harm_ends_with_1_and_says_what_and_why(check):
    done = check("x[40, 2] = np.nan\nmodel.fit(x, y)")
    assert done.exit_code == 1
    assert "warning: trained like this, the loss is not finite" in done.stdout
    assert "nan_in_features" in done.stdout
    assert "nanwatch explain nan_in_features" in done.stdout


def test_what_may_do_harm_is_told_but_is_no_failure(check):
    done = check("model.layers[-1].activation = keras.activations.sigmoid\nmodel.fit(x, y)")
    assert "info: trained like this" in done.stdout
    assert (done.exit_code, "wrong_output_activation" in done.stdout) == (0, True)


def test_nothing_is_trained_and_the_script_goes_on(check):
    done = check(
        """
        before = model.get_weights()
        history = model.fit(x, y, epochs=3, verbose=0)
        assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))
        assert history.history == {} and model.history is history
        x[0] = np.inf
        model.fit(x=x, y=y)
        print(history.history["loss"][-1])
        """,
        "--json",
    )
    told = json.loads(done.stdout)
    assert [[d["severity"] for d in fit["diagnoses"]] for fit in told["fits"]] == [[], ["warning"]]
    assert told["error"] == "KeyError('loss')"
    assert done.exit_code == 1


def test_a_failure_after_the_last_fit_does_not_count(check):
    done = check("history = model.fit(x, y)\nhistory.history['loss'][-1]")
    assert done.exit_code == 0
    assert "KeyError" in done.stderr


def test_a_script_that_fails_before_its_fit_is_told_apart(check):
    done = check("raise OSError('no such data')\nmodel.fit(x, y)")
    assert done.exit_code == 1
    assert "failed before it came to a model.fit" in done.stderr
    assert "no such data" in done.stderr


@pytest.mark.parametrize("imported", [False, True])
def test_a_slip_in_the_syntax_is_told_with_its_file_its_line_and_what_it_is(
    check, tmp_path, imported
):
    slip = "x = 1\nloss = (1,\nmodel.fit(x, y)\n"
    (tmp_path / "own_part.py").write_text(slip)
    done = check("import own_part" if imported else slip, head="")
    name = "own_part.py" if imported else "train.py"
    assert done.exit_code == 1
    assert f'{name}", line 2' in done.stderr
    assert "loss = (1," in done.stderr
    assert "SyntaxError: '(' was never closed" in done.stderr


def test_a_script_without_a_fit_is_told_apart(check):
    done = check("")
    assert (done.exit_code, "without a call of model.fit" in done.stderr) == (1, True)


def test_a_missing_script_is_wrong_usage():
    assert CliRunner().invoke(main, ["check", "nowhere.py"]).exit_code == 2


def test_the_script_gets_its_arguments_and_keeps_its_exit(check):
    done = check(
        "model.fit(x, y)\nsys.exit(0 if sys.argv[1:] == ['--rate', '3'] else 9)", "--rate", "3"
    )
    assert done.exit_code == 0
    assert "SystemExit" not in done.stderr


def test_the_fit_is_whole_again_afterwards(check):
    import keras

    before = keras.Model.fit
    check("model.fit(x, y)")
    assert keras.Model.fit is before
    assert "fit" not in vars(keras.Model)


def test_a_process_of_its_own_runs_the_script_as_python_would(tmp_path):
    (tmp_path / "own_module.py").write_text("VALUE = 7")
    script = tmp_path / "train.py"
    lines = "import own_module\nassert __name__ == '__main__'\nmodel.fit(x * np.nan, y)"
    script.write_text(textwrap.dedent(HEAD) + lines)
    command = [sys.executable, "-m", "nanwatch", "check", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 1, done.stderr
    assert "nan_in_features" in done.stdout
