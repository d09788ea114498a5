"""Alerts over HTTP: what people make of them is kept, listed and told to open pages."""

import json

import pytest

from frames import frame, opening
from monitor.test_live import events_until
from nanwatch.events import Cause, Diagnosed, Diagnosis
from servers import wait_for

DIAGNOSIS = Diagnosis("nan_loss", "critical", 7, (Cause("nan_in_features", 0.9, "A cell."),))


def diverge(client, run_id="run1", project="zoo", diagnosis=DIAGNOSIS):
    """A run with an alert; the alert."""
    stream = f"stream-of-{run_id}"
    client.send(
        opening(run_id, stream, project=project),
        frame(1, Diagnosed(diagnosis), run_id=run_id, stream=stream),
    )
    return wait_for(lambda: client.get(f"/alerts?run={run_id}")["alerts"])[0]


def post(client, path, body=None):
    answer = client.ask(
        "POST", f"/api/v1{path}", {"Content-Type": "application/json"}, body=json.dumps(body or {})
    )
    return answer.status, answer.json()


@pytest.fixture
def client(any_server):
    return any_server.client


def test_an_alert_is_open_acknowledged_resolved_and_open_again(client):
    alert = diverge(client)
    assert (alert["state"], alert["project"], alert["muted"]) == ("open", "zoo", False)
    path = f"/alerts/{alert['id']}"
    seen = post(client, f"{path}/acknowledge")[1]
    assert (seen["state"], seen["acknowledged_at"] is None) == ("acknowledged", False)
    done = post(client, f"{path}/resolve")[1]
    assert (done["state"], done["acknowledged_at"]) == ("resolved", seen["acknowledged_at"])
    assert client.get("/alerts?state=resolved")["alerts"] == [done]
    assert client.get("/alerts?state=open")["alerts"] == []
    again = post(client, f"{path}/reopen")[1]
    assert again == alert


def test_what_somebody_found_of_a_diagnosis_is_kept_and_can_be_taken_back(client):
    path = f"/alerts/{diverge(client)['id']}"
    for right in (True, False, None):
        assert post(client, f"{path}/verdict", {"right": right})[1]["verdict"] is right
        assert client.get("/alerts")["alerts"][0]["verdict"] is right


def test_an_alert_is_muted_until_it_is_worse_or_for_a_while(client):
    path = f"/alerts/{diverge(client)['id']}"
    worse = post(client, f"{path}/mute", {"until": "worse"})[1]
    assert (worse["muted"], worse["muted_until"]) == (True, None)
    hour = post(client, f"{path}/mute", {"until": 3600})[1]
    assert hour["muted_until"] > hour["opened_at"]
    freed = post(client, f"{path}/unmute")[1]
    assert (freed["muted"], freed["muted_until"]) == (False, None)


def test_alerts_are_listed_by_project_and_severity(client):
    one, other = diverge(client, "run1", "zoo"), diverge(client, "run2", "park")
    assert client.get("/alerts?project=park")["alerts"] == [other]
    assert client.get("/alerts?severity=critical")["alerts"] == [other, one]
    assert client.get("/alerts?severity=warning")["alerts"] == []


@pytest.mark.parametrize("what", [{"run_id": "run1"}, {"project": "zoo"}, {"symptom": "nan_loss"}])
def test_a_mute_holds_back_what_fits_and_its_end_frees_it(client, what):
    known = diverge(client)
    status, mute = post(client, "/mutes", {"until": 60, "reason": "known", **what})
    assert status == 201
    assert client.get("/mutes")["mutes"] == [mute]
    assert {name: mute[name] for name in what} == what
    held = client.get("/alerts")["alerts"][0]
    assert (held["muted"], held["muted_until"]) == (True, mute["until"])
    assert client.ask("DELETE", f"/api/v1/mutes/{mute['id']}").status == 204
    assert client.get("/alerts")["alerts"] == [known]
    assert client.ask("DELETE", f"/api/v1/mutes/{mute['id']}").status == 404


def test_what_a_mute_fits_later_is_listed_as_muted(client):
    post(client, "/mutes", {"until": 60, "project": "zoo"})
    assert diverge(client, "run1", "zoo")["muted"]
    assert not diverge(client, "run2", "park")["muted"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/alerts/999/resolve", None, 404),
        ("/alerts/999/mute", {"until": "worse"}, 404),
        ("/alerts/1/mute", {"until": 0}, 422),
        ("/alerts/1/mute", {"until": "tomorrow"}, 422),
        ("/alerts/1/verdict", {"right": "yes"}, 422),
        ("/mutes", {"until": 60}, 422),
        ("/mutes", {"until": 60, "run_id": "nobody"}, 404),
    ],
)
def test_what_makes_no_sense_is_refused(client, path, body, status):
    assert post(client, path, body)[0] == status


def test_open_pages_hear_of_every_change(live_server):
    client = live_server.client
    alert = diverge(client)
    page = client.open_stream()
    wait_for(lambda: live_server.monitor.hub.viewers == 1)
    changed = post(client, f"/alerts/{alert['id']}/acknowledge")[1]
    told = events_until(page, "alert", state="acknowledged")  # that it was opened may come before
    assert told[-1] == ("alert", changed)
    page.close()
