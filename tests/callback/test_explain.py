"""`nanwatch explain`: a cause or a loss by its name, in words that fit the terminal."""

import json

import pytest
from click.testing import CliRunner

from nanwatch.cli import main
from nanwatch.diagnosis import CAUSES
from nanwatch.losses import LOSSES


def nanwatch(*arguments):
    """Run the command as a pipe would."""
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def test_explain_says_why_and_how():
    label, page = next(iter(CAUSES.items()))
    output = nanwatch("explain", label).output
    assert page.title in output
    assert page.after.strip().splitlines()[0] in output
    assert json.loads(nanwatch("explain", label, "--json").output)["label"] == label


def test_explain_tells_a_loss_by_any_of_its_names():
    page = LOSSES["MeanSquaredError"]
    output = nanwatch("explain", "MSE").output
    assert f"MeanSquaredError: {page.title}" in output
    assert page.hazards[0].condition in output
    assert page.after.splitlines()[0] in output
    assert nanwatch("explain", "keras.losses.MeanSquaredError").output == output
    told = json.loads(nanwatch("explain", "mse", "--json").output)
    assert (told["name"], told["lowest"]) == ("MeanSquaredError", 0)


@pytest.mark.parametrize("name", [*CAUSES, *LOSSES])
def test_words_are_wrapped_to_the_terminal(name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "72")
    head, *lines = nanwatch("explain", name).output.splitlines()
    page = CAUSES.get(name) or LOSSES[name]
    code = page.before + page.after
    words = [line for line in lines if line.strip() and line.strip() not in code]
    assert 60 < max(map(len, words)) <= 72
    assert head.startswith(f"{name}: ")


def test_explain_without_a_name_lists_all():
    listed = [line.split()[0] for line in nanwatch("explain").output.splitlines()]
    assert listed == [*CAUSES, *LOSSES]
    told = json.loads(nanwatch("explain", "--json").output)
    assert [cause["label"] for cause in told["causes"]] == list(CAUSES)
    assert [loss["name"] for loss in told["losses"]] == list(LOSSES)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("nan_in_feature", "nan_in_features"),
        ("MeanSquareError", "MeanSquaredError"),
        ("Poison", "Poisson"),
    ],
)
def test_explain_suggests_what_was_meant(asked, meant):
    result = nanwatch("explain", asked)
    assert result.exit_code == 2
    assert f"Did you mean {meant}" in result.output
