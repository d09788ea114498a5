"""What is said before anything has gone wrong."""

from nanwatch.diagnosis import CAUSES
from nanwatch.diagnosis.case import Autopsy
from nanwatch.diagnosis.causes.shape_broadcast_bug import CROSSING, OWN
from nanwatch.diagnosis.examples import labels, output_facts, predicted, table
from nanwatch.diagnosis.preflight import CERTAIN, foresee, may_stretch, remaining
from nanwatch.events import SYMPTOMS, Cause, Diagnosis

SOUND = output_facts("sigmoid", "BinaryCrossentropy")


def test_a_sound_configuration_foresees_nothing():
    assert foresee(SOUND, (table(), labels(0.0, 1.0))) == ()


def test_a_misfit_is_information_with_its_cause_and_fix():
    facts = output_facts("linear", "BinaryCrossentropy")
    (found,) = foresee(facts, (table(), labels(0.0, 1.0)))
    assert (found.severity, found.first_step, found.label) == ("info", None, "logits_mismatch")
    assert found.causes[0].fix.code


def test_causes_of_one_symptom_stand_together_the_likeliest_first():
    data = (table(n_nan=1, rows=(3,)), table("target", n_inf=1, rows=(4,)))
    (found,) = foresee({}, data)
    assert found.symptom == "nan_loss"
    assert {cause.label for cause in found.causes} == {"nan_in_features", "inf_in_labels"}
    confidences = [cause.confidence for cause in found.causes]
    assert confidences == sorted(confidences, reverse=True)


def test_a_symptom_that_appears_refines_what_was_foreseen():
    foreseen = [Diagnosis("underfit", "info", None, (Cause("logits_mismatch", 0.8, "scores"),))]
    came = Diagnosis("loss_stuck", "warning", 9, (Cause("logits_mismatch", 0.9, "scores"),))
    other = Diagnosis("nan_loss", "critical", 9, (Cause("nan_in_features", 0.9, "cells"),))
    assert remaining([came], foreseen) == [came]
    assert remaining([other], foreseen) == [other, *foreseen]


def test_every_cause_is_heard_without_a_single_step():
    for page in CAUSES.values():
        for case in (*page.fires, *page.quiet):
            for found in foresee(case.facts, case.data):
                assert found.symptom in SYMPTOMS
                assert all(cause.summary for cause in found.causes)


def test_certain_causes_are_causes_of_the_vocabulary():
    assert {"nan_in_features", "nan_in_labels"} <= CERTAIN


def test_shapes_that_a_step_stretches_are_foreseen():
    data, prediction = (table(), table("target", shape=(32, 1))), predicted(0.0, 1.0)
    (found,) = foresee(OWN, data, Autopsy(data, predictions=(prediction,), crossed=(CROSSING,)))
    assert (found.label, found.severity) == ("shape_broadcast_bug", "info")
    assert foresee(OWN, data, Autopsy(data, predictions=(prediction,), crossed=())) == ()


def test_only_own_code_and_sequences_are_worth_a_look_at_a_step():
    numbers, squared = (table(), table("target", shape=(32,))), "MeanSquaredError"
    sequence = output_facts("linear", squared)
    sequence["outputs"][0]["rank"] = 3
    assert may_stretch(OWN, numbers)
    assert may_stretch({"own_step": True}, numbers)
    assert may_stretch(sequence, numbers)
    assert not may_stretch(output_facts("linear", squared), numbers)


def test_weights_that_drown_the_rest_lead_elsewhere_than_weights_that_are_no_number():
    drowning, lost = ({"class_weight": {"0": 1.0, "1": value}} for value in (5e4, "nan"))
    symptoms = [
        foresee(facts, (table(), labels(0.0, 1.0)))[0].symptom for facts in (drowning, lost)
    ]
    assert symptoms == ["underfit", "nan_loss"]
