"""`start_run`: logging by hand, watched, with slips explained."""

import math
import sys
import time

import numpy as np
import pytest

from nanwatch.events import Diagnosed, Points, RunEnded, RunStarted
from nanwatch.run import start_run
from stored import kinds_of


def values_of(server, name):
    return [
        float(value)
        for event in server.events()
        if isinstance(event, Points) and name in event.values
        for value in event.values[name]
    ]


def end_of(server):
    (end,) = [event for event in server.events() if isinstance(event, RunEnded)]
    return end


def test_a_run_logs_what_it_is_given(server, home):
    config = {"rate": 0.1}
    with start_run(server.url, project="p", run="r", tags=["t"], config=config) as run:
        for step in range(20):
            run.log({"loss": 1.0 / (step + 1), "batch/accuracy": 0.5}, step=step)
        run.log({"epoch/val_loss": 2.0}, step=0)
    started = server.events()[0]
    assert (started.name, started.project, started.tags) == ("r", "p", ("t",))
    assert started.config == {"rate": 0.1}
    assert server.steps("batch/loss") == server.steps("batch/accuracy") == list(range(20))
    assert values_of(server, "epoch/val_loss") == [2.0]
    assert end_of(server).state == "finished"
    assert run.url == f"{server.url}/runs/{run.id}"
    assert run.diagnoses == []


def test_without_a_step_it_counts_on(server, home):
    with start_run(server.url) as run:
        run.log({"loss": 1.0})
        run.log({"loss": 1.0}, step=10)
        run.log({"loss": 1.0})
    assert server.steps() == [0, 10, 11]


@pytest.mark.parametrize(
    ("raised", "state", "reason"),
    [
        (ValueError("bad\0 label"), "failed", "ValueError: bad\ufffd label"),
        (KeyboardInterrupt(), "interrupted", "KeyboardInterrupt"),
        (SystemExit(3), "failed", "SystemExit: 3"),
    ],
)
def test_an_exception_ends_the_run_and_goes_on(server, home, raised, state, reason):
    def train():
        with start_run(server.url) as run:
            run.log({"loss": 1.0})
            raise raised

    with pytest.raises(type(raised)):
        train()
    assert (end_of(server).state, end_of(server).reason) == (state, reason)


def test_a_nan_is_diagnosed_at_once_printed_and_sent(server, home, capsys):
    with start_run(server.url) as run:
        for step in range(10):
            run.log({"loss": 1.0 if step < 7 else math.nan})
            assert bool(run.diagnoses) == (step >= 7)
    (diagnosis,) = run.diagnoses
    assert (diagnosis.symptom, diagnosis.first_step) == ("nan_loss", 7)
    assert [e.diagnosis.symptom for e in server.events() if isinstance(e, Diagnosed)] == [
        "nan_loss"
    ]
    assert "step 7" in capsys.readouterr().err
    assert [math.isnan(v) for v in values_of(server, "batch/loss")] == [False] * 7 + [True] * 3


class Scalar:
    """What scalars of JAX, torch and TensorFlow have in common."""

    shape = ()

    def __float__(self):
        return 2.5


def test_scalars_of_every_kind_are_numbers(server, home):
    scalars = [2, True, np.float32(0.5), np.array(3.0), Scalar(), np.int64(4)]
    with start_run(server.url) as run:
        for scalar in scalars:
            run.log({"x": scalar})
    assert values_of(server, "batch/x") == [2.0, 1.0, 0.5, 3.0, 2.5, 4.0]


@pytest.mark.parametrize(
    "value", ["0.5", b"1", None, [1.0], np.ones(1), np.ones((2, 3)), 1j, 10**400, object()]
)
def test_what_is_no_number_is_refused_by_its_key(home, value):
    with start_run(mode="offline", verbose=0) as run, pytest.raises(ValueError, match="'lr'"):
        run.log({"loss": 1.0, "lr": value})


@pytest.mark.parametrize("step", [-1, 1.5, "3", 2**53, True, math.nan])
def test_steps_that_are_none_are_refused(home, step):
    with start_run(mode="disabled") as run, pytest.raises(ValueError, match="whole number"):
        run.log({"loss": 1.0}, step=step)


@pytest.mark.parametrize("key", ["", 5, "a\nb", "x" * 251])
def test_keys_that_cannot_name_a_series_are_refused(home, key):
    with start_run(mode="disabled") as run, pytest.raises(ValueError, match="cannot name a series"):
        run.log({key: 1.0})


def test_a_refused_call_logs_nothing_and_takes_no_step(server, home):
    with start_run(server.url) as run:
        with pytest.raises(ValueError, match="'bad'"):
            run.log({"loss": 1.0, "bad": "text"})
        run.log({"loss": 2.0})
        run.log({})
    assert values_of(server, "batch/loss") == [2.0]
    assert server.steps() == [0]


def test_disabled_does_nothing_at_all(home, capsys):
    with start_run(mode="disabled") as run:
        run.log({"loss": math.nan})
    assert run.url is None
    assert run.diagnoses == []
    assert not home.exists()
    assert capsys.readouterr().err == ""


def test_offline_finds_causes_too(home, capsys):
    with start_run(mode="offline") as run:
        run.log({"loss": math.inf})
    assert [diagnosis.symptom for diagnosis in run.diagnoses] == ["nan_loss"]
    assert "nanwatch sync" in capsys.readouterr().err


def test_quiet_is_quiet(home, capsys):
    with start_run(mode="offline", verbose=0) as run:
        run.log({"loss": math.nan})
    assert run.diagnoses
    assert capsys.readouterr().err == ""


def test_a_run_that_is_over_takes_no_more(home):
    run = start_run(mode="offline", verbose=0)
    run.finish()
    run.finish()
    with pytest.raises(RuntimeError, match="is over"):
        run.log({"loss": 1.0})


def test_more_than_the_queue_holds_is_waited_for_and_not_dropped(server, home):
    with start_run(server.url) as run:
        for step in range(25_000):
            run.log({"loss": 1.0}, step=step)
        run._reporter.finish("finished", timeout_s=60)
    assert server.steps() == list(range(25_000))


def test_a_fault_in_judging_is_no_fault_in_training(server, home, capsys):
    with start_run(server.url) as run:
        run._watch._watcher.feed = None
        run.log({"loss": 1.0})
        run.log({"loss": 2.0})
    assert capsys.readouterr().err.count("watching stopped") == 1
    assert server.steps() == [0, 1]
    assert isinstance(server.events()[0], RunStarted)


def test_slips_raise_before_anything_is_begun(home):
    with pytest.raises(ValueError, match="did you mean 'offline'"):
        start_run(mode="offlin")
    assert not home.exists()


@pytest.mark.parametrize("years", [-10, 10])
def test_a_clock_that_jumps_changes_nothing_but_labels(server, home, monkeypatch, years):
    real = time.time
    monkeypatch.setattr("nanwatch.sender.IDLE_S", 1.0)  # it jumps while somebody waits
    with start_run(server.url) as run:
        for step in range(20):
            run.log({"loss": 1.0}, step=step)
            if step == 9:
                server.wait_for(lambda: server.steps()[-1:] == [9])
                time.sleep(0.2)  # the sender waits by now; the test holds without
                monkeypatch.setattr(time, "time", lambda: real() + years * 365 * 86400)
        server.wait_for(lambda: server.steps()[-1:] == [19])  # nobody waits for years
    assert server.steps() == list(range(20))
    assert end_of(server).state == "finished"


@pytest.mark.parametrize("resume", ["", "../../etc", "calm otter", 5, "x" * 65])
def test_what_is_no_runs_id_cannot_be_resumed(home, resume):
    with pytest.raises(ValueError, match="`nanwatch runs` lists"):
        start_run(resume=resume)


@pytest.mark.parametrize(
    ("code", "state"), [(None, "finished"), (0, "finished"), (3, "failed"), ("no", "failed")]
)
def test_a_run_left_by_sys_exit_has_failed_when_its_process_has(home, code, state):
    with pytest.raises(SystemExit), start_run(mode="offline", verbose=0) as run:
        sys.exit(code)
    assert [end.state for end in kinds_of(home, run.id, RunEnded)] == [state]


class MuteError(Exception):
    def __str__(self):
        raise RuntimeError("no words")


def test_an_exception_that_cannot_say_what_it_is_leaves_as_itself(home):
    with pytest.raises(MuteError), start_run(mode="offline", verbose=0) as run:
        raise MuteError
    (end,) = kinds_of(home, run.id, RunEnded)
    assert (end.state, end.reason) == ("failed", "MuteError: (it cannot say what)")
