"""A thinned run keeps its curve at every zoom, its odd values and what is new; exact points go."""

import math
import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from frames import frame, opening, points
from nanwatch import wire
from nanwatch_monitor.series import tree
from nanwatch_monitor.series.reader import SeriesReader
from nanwatch_monitor.series.sealer import seal
from nanwatch_monitor.series.thinner import thinning_of

NAME = "batch/loss"
ROW = 16  # points of a row of the first rollup, with the sizes below
runs = iter(range(10**6))
numbers = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf])
gaps = st.sampled_from([(1,), (3,), (1, 2, 5)])


@pytest.fixture
def small_rows(monkeypatch):
    for name, size in {"CHUNK": 8, "NODE": 4, "FINEST": 4, "FAN": 2}.items():
        monkeypatch.setattr(tree, name, size)


def append(store, run_id, *frames):
    return store.log.append([(one, wire.encode(one)) for one in frames], now=1000.0).stream_id


def sealed_run(store, values, gaps=(1,), run_id=None):
    """A run whose points are sealed, all at once; its id and its steps."""
    run_id = run_id or f"thin{next(runs)}"
    steps = np.cumsum(np.resize(gaps, len(values)))
    block = frame(1, points(steps, batch_loss=values), run_id=run_id, stream=run_id)
    stream_id = append(store, run_id, opening(run_id, run_id), block)
    assert seal(store.series, stream_id, 1, b"")
    return run_id, steps


def chunks(store):
    with store.database.read() as connection:
        return connection.scalar(text("SELECT count(*) FROM node WHERE level = 0"))


def is_of(found, at, values):
    """Whether a bucket says of these values what there is to say."""
    finite = values[np.isfinite(values)]
    bounds = (found.low[at], found.high[at])
    same = np.array_equal(
        bounds, (finite.min(), finite.max()) if len(finite) else (np.nan,) * 2, True
    )
    return same and (found.n[at], found.n_nonfinite[at]) == (len(values), len(values) - len(finite))


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(numbers, min_size=1, max_size=120), gaps, st.integers(1, 40), st.data())
def test_every_bucket_of_any_window_says_what_its_points_were(
    store, small_rows, values, gaps, buckets, data
):
    run_id, steps = sealed_run(store, values, gaps)
    reader, values = SeriesReader(store.series), np.array(values)
    whole = reader.summaries(run_id)
    thinning_of(store)(run_id, 2000.0)
    assert repr(reader.summaries(run_id)) == repr(whole)
    first = data.draw(st.sampled_from([None, *steps.tolist()]))
    last = data.draw(st.sampled_from([None, *steps[steps >= (first or 0)].tolist()]))
    found = reader.overview(run_id, NAME, first, last, buckets)
    for at, (begin, end) in enumerate(zip(found.first, found.last, strict=True)):
        assert is_of(found, at, values[(begin <= steps) & (steps <= end)])
    inside = steps[(steps >= (first or 0)) & (steps <= (last or steps[-1]))]
    if gaps != (1, 2, 5):
        assert found.first[0] <= inside[0]
        assert found.last[-1] >= inside[-1]
    odd = [step for step, v in zip(steps, values, strict=True) if not math.isfinite(v)]
    assert [o.step for o in found.nonfinite] == [step for step in odd if step in inside]


def test_exact_points_go_as_far_as_they_are_summed_up(store, small_rows):
    run_id, _ = sealed_run(store, range(3 * ROW + 5))
    thinning_of(store)(run_id, 2000.0)
    assert chunks(store) == 0
    reader = SeriesReader(store.series)
    assert reader.exact_from(run_id, NAME) == 3 * ROW + 1
    assert reader.points(run_id, NAME, None, None, 99).steps.tolist() == list(range(49, 54))
    whole, _ = sealed_run(store, range(ROW - 1))
    assert thinning_of(store)(whole, 2000.0) == 0
    assert reader.exact_from(whole, NAME) is None
    assert len(reader.points(whole, NAME, None, None, 99).steps) == ROW - 1


def test_a_thinned_run_goes_on(store, small_rows):
    run_id, _ = sealed_run(store, range(2 * ROW + 3))
    thinning_of(store)(run_id, 2000.0)
    later = frame(2, points(range(100, 200), batch_loss=range(100)), run_id=run_id, stream=run_id)
    stream_id = append(store, run_id, later)
    assert seal(store.series, stream_id, 2, b"")
    reader = SeriesReader(store.series)
    assert reader.summaries(run_id)[NAME].n == 135
    assert reader.points(run_id, NAME, None, None, 999).steps[-100:].tolist() == [*range(100, 200)]
    found = reader.overview(run_id, NAME, None, None, 5)
    assert (found.n.sum(), found.low.min(), found.high.max()) == (135, 0, 99)


def test_what_is_sealed_while_a_run_is_thinned_stays_thinned(store, small_rows):
    run_id, _ = sealed_run(store, range(8 * ROW))
    thinner = threading.Thread(target=thinning_of(store), args=(run_id, 2000.0))
    later = frame(2, points(range(500, 600), batch_loss=range(100)), run_id=run_id, stream=run_id)
    stream_id = append(store, run_id, later)
    thinner.start()
    assert seal(store.series, stream_id, 2, b"")
    thinner.join()
    thinning_of(store)(run_id, 2000.0)
    reader = SeriesReader(store.series)
    assert reader.overview(run_id, NAME, None, None, 9).n.sum() == 8 * ROW + 100
    assert reader.exact_from(run_id, NAME) > 8 * ROW


def test_a_thinned_run_is_smaller(store):
    run_id, _ = sealed_run(store, np.random.default_rng(0).normal(size=40_000).repeat(2)[:50_000])
    more = np.random.default_rng(1).normal(size=40_000)
    block = frame(2, points(range(60_000, 100_000), batch_loss=more), run_id=run_id, stream=run_id)
    assert seal(store.series, append(store, run_id, block), 2, b"")
    no = store.runs.find(run_id).no
    before = store.housekeeping.sizes([no])[no]
    freed = thinning_of(store)(run_id, 2000.0)
    assert freed > before / 2
    assert store.housekeeping.sizes([no])[no] == before - freed


def test_there_is_nothing_to_thin_of_no_run(store):
    assert thinning_of(store)("nobody", 2000.0) is None
