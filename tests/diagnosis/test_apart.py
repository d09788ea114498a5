"""One output of several, seen as if it were the only one."""

from dataclasses import replace

from nanwatch.diagnosis.apart import facts_of, of_output
from nanwatch.diagnosis.case import Trial
from nanwatch.diagnosis.examples import output_facts, predicted, silent, table
from nanwatch.diagnosis.looks import LossLook
from nanwatch.diagnosis.outputs import outputs
from nanwatch.diagnosis.weighting import all_loss_weights, loss_weights

ENDS = [
    {**output_facts("linear", "MeanSquaredError")["outputs"][0], "name": "a"},
    {**output_facts("sigmoid", "BinaryCrossentropy")["outputs"][0], "name": "b"},
]
LOOKS = [replace(table("target"), name="a"), replace(table("target"), name="b", low=0.0, high=1.0)]
SAID = [replace(predicted(-1, 1), name="a"), replace(predicted(0, 1), name="b")]


def two(**trials):
    terms = {"terms": (LossLook("a", "mse", False, 0.2), LossLook("b", "bce", False, 0.7))}
    return silent(
        "underfit", table(), *LOOKS, *SAID, facts={"outputs": ENDS}, autopsy=terms, **trials
    )


def test_the_facts_hold_that_output_and_its_loss_only():
    facts = facts_of({"outputs": ENDS, "epochs": 3}, "b")
    assert [end["name"] for end in facts["outputs"]] == ["b"]
    assert [loss["class"] for loss in facts["loss"]] == ["BinaryCrossentropy"]
    assert facts["epochs"] == 3


def test_target_prediction_and_loss_are_its_own():
    case = of_output(two(), "b")
    (end,) = outputs(case)
    assert (end.target, end.prediction) == (LOOKS[1], SAID[1])
    assert case.autopsy.loss == 0.7


def test_a_replay_counts_by_its_own_loss():
    parts = {"a_loss": (1.0, 0.1), "b_loss": (0.7, 0.7)}
    tried = {
        "clip": Trial(True, True, 40, 1.7, 0.8, parts=parts),
        "as_regression": Trial(True, True, 40, 1.7, 0.8, guess=1.0, parts=parts),
        "redraw": Trial(True, True, 40, 1.7, 0.8),
    }
    case = of_output(two(**tried), "b")
    assert list(case.trials) == ["clip"]
    assert (case.trials["clip"].first, case.trials["clip"].last) == (0.7, 0.7)


def test_of_an_output_that_is_not_known_nothing_changes():
    case = two()
    assert of_output(case, "c") is case


def test_a_weight_of_another_output_is_still_known_and_its_replay_compares():
    weighted = [{**ENDS[0], "loss_weight": 1e6}, {**ENDS[1], "loss_weight": 1.0}]
    parts = {"a_loss": (1.0, 0.5), "b_loss": (0.7, 0.3)}
    even = Trial(True, True, 40, 1.7, 0.8, guess=1.0, parts=parts)
    whole = replace(two(even_weights=even), facts={"outputs": weighted})
    case = of_output(whole, "b")
    assert all_loss_weights(case) == loss_weights(whole) == {"a": 1e6, "b": 1.0}
    assert loss_weights(case) == {"b": 1.0}
    assert case.trials["even_weights"].last == 0.3
