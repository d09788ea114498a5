"""model.fit in a real process, a real server, both databases: the NaN arrives as it was."""

import pytest

from whole.training import run_id_in

NAN_STEP = 23


@pytest.fixture
def finished(server_process, database_url, tmp_path, train):
    """A client of the server, the id of a run that turned NaN, and the training's words."""
    server = server_process("--database-url", database_url).start()
    training = train(
        "nan_at_step.py",
        NAN_STEP,
        0,
        NANWATCH_SERVER=server.url,
        NANWATCH_DIR=str(tmp_path),
    )
    out, err = training.finish()
    return server.client, run_id_in(out), err


def test_the_nan_its_cause_and_its_alert_are_read_back(finished):
    client, run_id, words = finished
    points = client.get(f"/runs/{run_id}/points?name=batch/loss")
    assert points["steps"] == list(range(NAN_STEP + 1))
    assert points["values"][-1] == "NaN"
    assert "NaN" not in points["values"][:-1]

    diagnosis = client.get(f"/runs/{run_id}/diagnoses")["diagnoses"][0]
    cause = diagnosis["causes"][0]
    assert (diagnosis["symptom"], diagnosis["first_step"]) == ("nan_loss", NAN_STEP)
    assert (cause["label"], cause["verified"]) == ("nan_in_labels", True)
    assert cause["where"]["rows"] == [5]
    assert cause["where"]["samples"] == [NAN_STEP * 8 + 5]

    alerts = client.get("/alerts")["alerts"]
    assert [(a["run_id"], a["label"]) for a in alerts] == [(run_id, "nan_in_labels")]
    run = client.get(f"/runs/{run_id}")
    assert (run["state"], run["health"], run["reason"]) == (
        "finished",
        "critical",
        "stopped_on_nan",
    )
    assert run["config"] == {"nan_step": NAN_STEP}
    assert "nan_in_labels" in words
    assert f"at step {NAN_STEP}" in words
