"""What the store knows of runs."""

import math

import pytest

from frames import frame, opening, points
from nanwatch import wire
from nanwatch.events import FactsLearned, Heartbeat, RunEnded
from nanwatch_monitor.run_record import Marks
from nanwatch_monitor.store.receipts import EndedRunError
from nanwatch_monitor.store.runs import RunQuery


def append(store, *frames, now=1000.0):
    return store.log.append([(frame, wire.encode(frame)) for frame in frames], now)


def test_a_run_is_what_it_said(store):
    append(store, opening(tags=("a", "b"), config={"lr": math.nan}, facts={"seed": 7}))
    run = store.runs.find("run1")
    assert (run.description.name, run.description.project) == ("brave-fox", "zoo")
    assert run.description.tags == ("a", "b")
    assert run.description.config == {"lr": "NaN"}
    assert run.description.facts == {"seed": 7}


def test_facts_that_are_learned_later_are_merged(store):
    append(store, opening(facts={"a": 1, "b": 1}), frame(1, FactsLearned({"b": 2, "c": 3})))
    assert store.runs.find("run1").description.facts == {"a": 1, "b": 2, "c": 3}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.1, 1e308, 5e-324])
def test_the_last_loss_is_exact_whatever_it_is(store, value):
    append(store, opening(), frame(1, points([3], batch_loss=[value])))
    progress = store.runs.find("run1").progress
    assert repr(progress.last_loss) == repr(value)
    assert progress.last_step == 3


def test_an_epochs_mean_does_not_hide_how_the_last_batch_ended(store):
    append(
        store,
        opening(),
        frame(1, points([3], batch_loss=[math.nan]), points([0], epoch_loss=[0.7])),
    )
    assert math.isnan(store.runs.find("run1").progress.last_loss)


def epoch(number, loss, end):
    return points([number], epoch_loss=[loss], epoch_last_step=[end])


def test_a_run_that_logs_epochs_alone_advances_by_them(store):
    append(store, opening(), frame(1, epoch(0, 0.7, 19)), frame(2, epoch(1, math.nan, 39)))
    progress = store.runs.find("run1").progress
    assert (progress.last_step, repr(progress.last_loss)) == (39, "nan")


def test_the_last_loss_is_the_epochs_again_when_its_batches_are_not_logged(store):
    bad = points([12], batch_loss=[math.nan])  # told at once, whatever is logged
    append(store, opening(), frame(1, bad, epoch(0, 0.7, 19)), frame(2, epoch(1, 0.6, 39)))
    assert store.runs.find("run1").progress.last_loss == 0.6


def test_the_last_loss_is_the_batchs_when_some_are_logged(store):
    for number in range(2):
        sent = points([20 * number + 10], batch_loss=[0.1]), epoch(number, 0.7, 20 * number + 19)
        append(store, *([] if number else [opening()]), frame(number + 1, *sent))
        assert store.runs.find("run1").progress.last_loss == 0.1


@pytest.mark.parametrize("end", [math.nan, math.inf, -1.0, 1e300])
def test_an_impossible_last_step_is_passed_over(store, end):
    append(store, opening(), frame(1, epoch(0, 0.7, end)))
    progress = store.runs.find("run1").progress
    assert (progress.last_step, progress.last_loss) == (None, 0.7)


def test_the_end_is_kept_until_the_run_is_resumed(store):
    append(store, opening(), frame(1, RunEnded("failed", "it broke")), now=50.0)
    progress = store.runs.find("run1").progress
    assert (progress.end_state, progress.reason, progress.ended_at) == ("failed", "it broke", 50.0)
    append(store, opening(stream="stream2", resumes=True), now=60.0)
    assert store.runs.find("run1").progress.end_state is None


def test_a_run_that_ended_takes_no_stranger_but_the_stream_that_began_it_however_late(store):
    append(store, opening(stream="resumed", resumes=True), now=50.0)
    append(store, frame(1, RunEnded("finished"), stream="resumed"), now=50.0)
    append(store, opening(stream="first"), now=60.0)  # it waited on a disk
    append(store, frame(1, points([0], batch_loss=[1]), stream="first"), now=60.0)
    with pytest.raises(EndedRunError):
        append(store, opening(stream="stranger"), now=70.0)
    append(store, frame(2, points([1], batch_loss=[1]), stream="first"), now=70.0)
    assert store.runs.find("run1").progress.end_state == "finished"
    assert [head.last_seq for head in store.log.heads("run1")] == [1, 2]


@pytest.mark.parametrize("waited", [True, False], ids=["the whole stream", "only its end"])
def test_an_end_that_comes_after_the_run_was_resumed_is_not_the_runs(store, waited):
    if not waited:
        append(store, opening(stream="first"), now=40.0)
    append(store, opening(stream="resumed", resumes=True), now=50.0)
    if waited:
        append(store, opening(stream="first"), now=60.0)
    append(store, frame(1, RunEnded("interrupted"), stream="first"), now=60.0)
    assert store.runs.find("run1").progress.end_state is None
    append(store, frame(1, RunEnded("finished"), stream="resumed"), now=70.0)
    assert store.runs.find("run1").progress.end_state == "finished"


def test_a_run_that_goes_on_takes_further_writers(store):
    append(store, opening(), now=50.0)
    append(store, opening(stream="second"), now=60.0)
    assert len(store.log.heads("run1")) == 2


@pytest.mark.parametrize(("told", "kept"), [(20.0, 20.0), (0.0, 50.0), (1e9, 50.0)])
def test_begin_and_end_are_the_trainings_unless_its_clock_is_wrong(store, told, kept):
    end = frame(1, RunEnded("finished", ended_at=told))
    append(store, opening(started_at=told), end, now=50.0)
    run = store.runs.find("run1")
    assert (run.started_at, run.progress.ended_at) == (kept, kept)


def test_runs_are_listed_by_page_the_latest_first(store):
    for number in range(5):
        append(store, opening(run_id=f"run{number}", stream=f"s{number}"))
    first = store.runs.list(RunQuery(limit=3))
    rest = store.runs.list(RunQuery(limit=3, before_no=first[-1].no))
    assert [run.id for run in [*first, *rest]] == ["run4", "run3", "run2", "run1", "run0"]


def test_runs_are_found_by_project_and_by_how_they_do(store):
    append(store, opening("a", "sa", project="p"), now=10.0)
    append(store, opening("b", "sb", project="q"), now=20.0)
    append(store, opening("c", "sc"), frame(1, RunEnded("finished"), run_id="c", stream="sc"))
    found = {
        "project": store.runs.list(RunQuery(project="p")),
        "ended": store.runs.list(RunQuery(end_state="finished")),
        "silent": store.runs.list(RunQuery(end_state="", seen=(0.0, 10.0))),
    }
    ids = {word: [run.id for run in runs] for word, runs in found.items()}
    assert ids == {"project": ["a"], "ended": ["c"], "silent": ["a"]}


def test_a_heartbeat_is_a_sign_of_life(store):
    append(store, opening(), now=10.0)
    append(store, frame(1, Heartbeat(9, 0.5)), now=25.0)
    progress = store.runs.find("run1").progress
    assert (progress.seen_at, progress.last_step) == (25.0, 9)
    assert store.runs.last_seen_at() == 25.0


def test_what_people_say_of_a_run_stays_when_it_goes_on(store):
    append(store, opening(tags=("a",)))
    assert store.runs.edit("run1", {"name": "mine", "tags": ("b",), "pinned": True, "note": "see"})
    assert store.runs.edit("run1", {})
    append(store, frame(1, FactsLearned({"a": 1}), points([3], batch_loss=[0.5])))
    found = store.runs.find("run1")
    assert (found.description.name, found.description.tags) == ("mine", ("b",))
    assert found.marks == Marks(pinned=True, note="see")
    assert not store.runs.edit("nobody", {"pinned": True})
