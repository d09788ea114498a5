"""What a person reads: everything that matters, in lines that fit."""

import sys

import pytest

from nanwatch import terminal
from nanwatch.events import SYMPTOMS, Cause, Diagnosis, Evidence, Fix

CAUSE = Cause(
    "nan_in_features",
    0.98,
    "The inputs hold NaN: row 3 of the batch. " * 5,
    (
        Evidence("NaN in input", "2 of 16 × 4 cells", "none"),
        Evidence("weights", "finite", "finite"),
        Evidence("replay with the fix", "scaled inputs, 40 steps: loss 2 to 0.5", "it falls"),
    ),
    {"epoch": 1, "batch": 4},
    Fix("Drop the rows.", "good = np.isfinite(x)\nmodel.fit(x[good])"),
    True,
)
OTHER = Cause("lr_too_high", 0.31, "A high rate.")
DIAGNOSIS = Diagnosis("nan_loss", "critical", 20, (CAUSE, OTHER))


def test_the_report_holds_cause_evidence_place_and_fix():
    report = terminal.render(DIAGNOSIS)
    for part in (
        "the loss is not finite at step 20 (epoch 2, batch 4)",
        "nan_in_features, confidence 98%",
        "NaN in input  2 of 16 × 4 cells",
        "Drop the rows.",
        "model.fit(x[good])",
        "tried      The fix held in a replay: scaled inputs, 40 steps: loss 2 to 0.5.",
        "nanwatch explain nan_in_features",
        "lr_too_high 31%",
    ):
        assert part in report


@pytest.mark.parametrize("width", [60, 80, 96])
def test_lines_fit_a_terminal(width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    assert max(map(len, terminal.render(DIAGNOSIS).splitlines())) in range(width - 25, width + 1)


def test_lines_are_no_longer_than_reads_well_and_no_shorter_than_makes_sense(monkeypatch):
    for width, columns in (("300", terminal.WIDTH), ("9", terminal.NARROWEST)):
        monkeypatch.setenv("COLUMNS", width)
        assert terminal.columns() == columns


@pytest.mark.parametrize("length", [20, 50, 51, 83, 84, 200])
def test_what_was_seen_is_told_however_long_the_check_is(length):
    check = ("last activation, under " + "x" * length)[:length]
    cause = Cause("logits_mismatch", 0.9, "Twice.", (Evidence(check, "softmax", "none"),))
    report = terminal.render(Diagnosis("underfit", "warning", 3, (cause,)))
    assert "softmax (healthy: none)" in report
    assert max(map(len, report.splitlines())) <= terminal.WIDTH


@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_every_symptom_has_words_with_and_without_a_cause(symptom):
    report = terminal.render(Diagnosis(symptom, "warning", None))
    assert terminal.SYMPTOM_WORDS[symptom] in report
    assert "none of the known causes" in report


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ("gradient", "gradient is"),
        ("weights", "weights are"),
        ("loss", "loss is"),
        (None, "loss is"),
    ],
)
def test_what_was_not_finite_is_named(fault, what):
    diagnosis = Diagnosis("nan_loss", "critical", 3, fault=fault)
    assert terminal.headline(diagnosis) == f"nanwatch: the {what} not finite at step 3"


@pytest.mark.parametrize(
    ("verified", "words"), [(False, "did not help by itself"), (None, "Not proven")]
)
def test_what_a_replay_did_not_show_is_said(verified, words):
    cause = Cause("lr_too_high", 0.7, "A high rate.", verified=verified)
    assert words in terminal.render(Diagnosis("nan_loss", "critical", 3, (cause,)))


def test_a_line_goes_to_the_standard_error(capsys):
    terminal.say("news")
    assert capsys.readouterr() == ("", "news\n")


def test_a_terminal_that_is_gone_harms_nobody(monkeypatch, tmp_path):
    closed = (tmp_path / "log").open("w")
    closed.close()
    for gone in (None, closed):
        monkeypatch.setattr(sys, "stderr", gone)
        terminal.say("nanwatch: nobody reads this")
