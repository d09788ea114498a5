"""Two Unicode spellings of one name are one name, wherever names are compared."""

from frames import frame, opening, points
from nanwatch.events import RunStarted
from servers import Client, wait_for

COMPOSED, APART = "caf\u00e9", "cafe\u0301"


def post(client, path, **body):
    answer = client.ask("POST", f"/api/v1{path}", json=body)
    assert answer.status in (200, 201), answer.data
    return answer.json()


def test_a_run_is_found_by_either_spelling(any_server):
    client = any_server.client
    client.send(opening(name=APART, project=APART, tags=(APART,)))
    for spelling in (COMPOSED, APART):
        (run,) = client.ask("GET", "/api/v1/runs", fields={"project": spelling}).json()["runs"]
        assert (run["name"], run["project"], run["tags"]) == (COMPOSED, COMPOSED, [COMPOSED])


def test_a_token_of_one_spelling_writes_to_the_project_of_the_other(any_server):
    made = post(any_server.client, "/tokens", name=APART, scope="write", project=APART)
    assert (made["name"], made["project"]) == (COMPOSED, COMPOSED)
    writer = Client(any_server.url, made["token"])
    for run_id, spelling in (("run1", COMPOSED), ("run2", APART)):
        assert writer.send(opening(run_id, run_id, project=spelling)).status == 200
    assert writer.send(opening("run3", "run3", project="cafe")).status == 404
    writer.close()


def test_a_mute_of_one_spelling_holds_for_the_other(any_server):
    post(any_server.client, "/mutes", project=APART, until=3600)
    losses = points(range(3), batch_loss=[1.0, 0.9, float("nan")])
    any_server.client.send(opening(project=COMPOSED), frame(1, losses))
    (alert,) = wait_for(lambda: any_server.client.get("/alerts")["alerts"])
    assert alert["muted"]


def test_what_people_write_is_spelt_so_too(any_server):
    any_server.client.send(opening())
    edit = {"name": APART, "tags": [APART]}
    run = any_server.client.ask("PATCH", "/api/v1/runs/run1", json=edit).json()
    assert (run["name"], run["tags"]) == (COMPOSED, [COMPOSED])


def test_whoever_makes_the_event_makes_it_so():
    assert RunStarted(APART, APART, (APART,)) == RunStarted(COMPOSED, COMPOSED, (COMPOSED,))
