"""Incidents: one a run and symptom, the better informed has the last word."""

from frames import opening
from nanwatch import wire
from nanwatch.events import Cause, Diagnosis
from nanwatch_monitor.incidents import Finding
from nanwatch_monitor.store.alerts import AlertQuery

NOW = 1000.0


def finding(source="server", label="unknown", severity="critical", symptom="nan_loss"):
    diagnosis = Diagnosis(symptom, severity, 7, (Cause(label, 0.5, f"it is {label}"),))
    return Finding(diagnosis, source)


def opened_stream(store):
    first = opening()
    return store.log.append([(first, wire.encode(first))], NOW).stream_id


def record(store, stream_id, *findings, seen=(-1, 0)):
    return store.incidents.record(stream_id, seen, findings, NOW)


def labels(store):
    return [incident.diagnosis.label for incident in store.incidents.of_run("run1")]


def test_the_training_process_refines_what_the_server_saw(store):
    stream_id = opened_stream(store)
    (first,) = record(store, stream_id, finding("server", "lr_too_high"))
    (refined,) = record(store, stream_id, finding("client", "nan_in_features"), seen=(0, 1))
    assert refined.id == first.id
    assert refined.opened_at == first.opened_at
    assert (refined.source, refined.diagnosis.label) == ("client", "nan_in_features")


def test_the_server_never_overwrites_the_training_process(store):
    stream_id = opened_stream(store)
    record(store, stream_id, finding("client", "nan_in_features", "warning"))
    assert record(store, stream_id, finding("server", "lr_too_high"), seen=(0, 1)) == []
    assert labels(store) == ["nan_in_features"]


def test_each_symptom_is_an_incident_of_its_own(store):
    stream_id = opened_stream(store)
    record(store, stream_id, finding(symptom="nan_loss"), finding(symptom="exploding_loss"))
    assert len(store.incidents.of_run("run1")) == 2


def test_frames_are_judged_by_one_process(store):
    stream_id = opened_stream(store)
    assert record(store, stream_id, finding(), seen=(-1, 0)) is not None
    assert record(store, stream_id, finding(symptom="overfit"), seen=(-1, 0)) is None
    assert labels(store) == ["unknown"]


def test_an_incident_puts_one_message_into_the_outbox(store):
    stream_id = opened_stream(store)
    record(store, stream_id, finding("server"))
    record(store, stream_id, finding("client", "nan_in_features"), seen=(0, 1))
    assert store.outbox.claim("env-webhook", NOW) is None  # it waits for the better word
    message = store.outbox.claim("env-webhook", NOW + 1.0)
    assert message.incidents[0].diagnosis.label == "nan_in_features"
    assert store.outbox.claim("env-webhook", NOW + 1.0) is None  # claimed


def test_a_message_whose_sender_died_comes_up_again_with_the_same_id(store):
    record(store, opened_stream(store), finding())
    first, again = (
        store.outbox.claim("env-webhook", NOW + 1.0),
        store.outbox.claim("env-webhook", NOW + 100.0),
    )
    assert (again.message_id, again.attempts) == (first.message_id, 2)


def test_information_is_no_alert(store):
    record(store, opened_stream(store), finding(severity="info"))
    assert store.alerts.matching(AlertQuery()) == []
    assert store.outbox.claim("env-webhook", NOW + 10.0) is None
    assert labels(store) == ["unknown"]


def test_alerts_are_listed_by_page_the_latest_first(store):
    symptoms = ("nan_loss", "overfit", "exploding_loss")
    record(store, opened_stream(store), *(finding(symptom=symptom) for symptom in symptoms))
    first = store.alerts.matching(AlertQuery(limit=2))
    rest = store.alerts.matching(AlertQuery(limit=2, before_id=first[-1].id))
    assert [found.diagnosis.symptom for found in [*first, *rest]] == [*reversed(symptoms)]


def test_what_was_foreseen_yields_to_what_is_seen_and_does_not_come_back(store):
    stream_id = opened_stream(store)
    record(store, stream_id, finding("client", "logits_mismatch", "info"))
    record(store, stream_id, finding("server", "lr_too_high"), seen=(0, 1))
    assert labels(store) == ["lr_too_high"]
    assert store.outbox.claim("env-webhook", NOW + 1.0) is not None
    assert record(store, stream_id, finding("client", severity="info"), seen=(1, 2)) == []
