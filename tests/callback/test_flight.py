"""The flight recorder: one memory budget for batches and copies of the model's state."""

import math

import numpy as np

from fits import mlp
from nanwatch.recorder.batches import batch_bytes
from nanwatch.recorder.flight import FlightRecorder
from nanwatch.recorder.memory import BUDGET, MIB
from nanwatch.recorder.snapshot import COPIES, state_bytes


def built():
    model = mlp()
    model.optimizer.build(model.trainable_variables)
    return model


def taken(flight):
    """Every byte that is kept."""
    copies = {id(s): s for s in (flight.start, flight.healthy) if s is not None}
    batches = [batch_bytes(batch) for _, batch in flight.batches.since(0)]
    return sum(copy.nbytes for copy in copies.values()) + sum(batches)


def flown(steps, cells, **limits):
    """Steps with batches of 8 bytes a cell, and the most that was kept after one."""
    flight = FlightRecorder(built(), **limits)
    assert flight.begin(0)
    most = 0
    for step in range(steps):
        flight.batches.add(step, np.zeros(cells))
        flight.after_step(step + 1)
        most = max(most, taken(flight))
    return flight, most


def test_the_budget_is_that_of_the_promise():
    assert BUDGET == 64 * MIB


def test_state_and_batches_share_the_budget():
    size = COPIES * state_bytes(built())
    flight, most = flown(40, cells=100, budget=size + 8_000)
    assert flight.start is not None
    assert len(flight.batches.since(0)) == 10
    assert size < flight.batches.budget
    assert most <= flight.batches.budget


def test_of_a_large_model_the_state_of_the_beginning_is_kept():
    budget = COPIES * state_bytes(built()) - 1
    flight, most = flown(40, cells=10, budget=budget)
    assert flight.healthy is flight.start
    assert flight.start.step == 0
    assert "only that of the beginning is kept" in flight.notes[0]
    assert state_bytes(built()) < most <= budget


def test_a_model_beyond_the_budget_has_no_snapshots_and_the_note_says_what_follows():
    flight, most = flown(40, cells=10, budget=state_bytes(built()))
    assert flight.start is flight.healthy is None
    assert "fixes are not tried in replays" in flight.notes[0]
    assert "NanWatch(memory_mib=1) makes room" in flight.notes[0]
    assert 0 < most <= flight.batches.budget


def test_a_batch_beyond_the_budget_is_let_go_after_its_step():
    flight, most = flown(3, cells=1000, snapshots=False, budget=1000)
    assert most == 0
    flight.end()
    assert flight.notes == [
        "batches of 8 KiB: only the current one is kept in a memory budget of 1000 B"
    ]


def test_what_did_not_fit_is_said_once():
    flight, _ = flown(3, cells=1000, snapshots=False, budget=20_000)
    flight.end()
    flight.end()
    assert ["the last 2 are kept" in note for note in flight.notes] == [True]


def test_no_budget_keeps_nothing():
    flight, most = flown(3, cells=10, budget=0)
    assert most == 0
    assert flight.start is None


def test_at_its_end_nothing_is_kept():
    flight, most = flown(20, cells=10)
    flight.end()
    assert most > 0
    assert taken(flight) == 0
    assert flight.notes == []


def test_state_that_is_not_finite_is_never_the_healthy_one():
    model = built()
    flight = FlightRecorder(model)
    flight.begin(0)
    model.trainable_variables[0].assign(model.trainable_variables[0] * math.nan)
    flight._cost = 0.0  # the next copy is due at once
    flight.after_step(16)
    assert flight.healthy.step == 0
