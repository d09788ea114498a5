"""Curves are read from the open log and from what is sealed, as if there were no difference."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frames import frame, opening, points
from nanwatch import wire
from nanwatch_monitor.series import tree
from nanwatch_monitor.series.frame_cache import FrameCache
from nanwatch_monitor.series.reader import SeriesReader
from nanwatch_monitor.series.sealer import seal
from nanwatch_monitor.store.snapshot import Snapshot

NAME = "batch/loss"
WORDS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
numbers = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf, 1e300])
blocks = st.tuples(
    st.integers(0, 120), st.sampled_from([1, 1, 3]), st.lists(numbers, min_size=1, max_size=60)
)
attempts = st.lists(st.tuples(st.integers(0, 2), blocks, st.booleans()), min_size=1, max_size=8)


def append(store, *frames):
    return store.log.append([(frame, wire.encode(frame)) for frame in frames], now=1000.0)


@pytest.fixture
def reader(store):
    return SeriesReader(store.series)


@pytest.fixture
def small_rows(monkeypatch):
    """Chunks and nodes of a few points, so that a test's runs have a tall tree."""
    for name, size in {"CHUNK": 8, "NODE": 4, "FINEST": 4, "FAN": 2}.items():
        monkeypatch.setattr(tree, name, size)


def all_points(reader, run_id="run1", name=NAME, page=7):
    """Every point, read page by page."""
    found, begin = [], None
    while True:
        curve = reader.points(run_id, name, begin, None, page + 1)
        found += zip(curve.steps.tolist(), curve.values.tolist(), strict=True)
        if len(curve.steps) <= page:
            return found
        begin = found.pop()[0]


def test_a_curve_follows_the_log(store, reader):
    append(store, opening(), frame(1, points([0, 1], batch_loss=[1, 2])))
    assert all_points(reader) == [(0, 1.0), (1, 2.0)]
    append(store, frame(2, points([2], batch_loss=[3], batch_acc=[1])))
    assert all_points(reader) == [(0, 1.0), (1, 2.0), (2, 3.0)]
    assert list(reader.summaries("run1")) == ["batch/loss", "batch/acc"]


def test_what_another_run_says_is_not_mixed_in(store, reader):
    append(store, opening(), frame(1, points([0], batch_loss=[1])))
    append(store, opening("run2", "s2"))
    assert reader.points("run2", NAME, None, None, 5) is None
    assert reader.overview("no-such-run", NAME, None, None, 5) is None


def test_what_is_forgotten_is_read_again(store):
    append(store, opening(), frame(1, points([0, 1], batch_loss=[1, 2])))
    forgetful = SeriesReader(store.series, FrameCache(most_bytes=0))
    assert all_points(forgetful) == all_points(forgetful) == [(0, 1.0), (1, 2.0)]


def test_a_log_with_a_hole_shows_what_is_there(store, reader):
    append(store, opening(), frame(1, points([0], batch_loss=[1])))
    append(store, frame(2, points([1], batch_loss=[2])))
    with store.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM batch WHERE seq = 2")
    assert all_points(reader) == [(0, 1.0)]


def run_of(store, run_id, said):
    """Say blocks in up to three streams, some of them sealed at once; the points that count."""
    told = {0: {}, 1: {}, 2: {}}
    seqs = {}
    for which, (first, gap, values), is_sealed in said:
        steps = [first + gap * at for at in range(len(values))]
        told[which].update(zip(steps, values, strict=True))
        stream = f"{run_id}-{which}"
        if which not in seqs:
            seqs[which] = (0, append(store, opening(run_id, stream)).stream_id)
        seq, stream_id = seqs[which][0] + 1, seqs[which][1]
        append(store, frame(seq, points(steps, batch_loss=values), run_id=run_id, stream=stream))
        seqs[which] = (seq, stream_id)
        if is_sealed:
            assert seal(store.series, stream_id, seq, b"")
    return sorted({s: v for which in seqs for s, v in told[which].items()}.items())


runs = iter(range(10**6))


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(attempts, st.integers(1, 30), st.integers(0, 150), st.integers(0, 150))
def test_any_window_of_any_attempts_is_what_a_list_of_the_points_is(
    store, reader, small_rows, said, buckets, first, last
):
    run_id = f"run{next(runs)}"
    expected = run_of(store, run_id, said)
    assert repr(all_points(reader, run_id)) == repr(expected)
    assert_summary(reader.summaries(run_id)[NAME], expected)
    assert_overview(reader.overview(run_id, NAME, None, None, buckets), expected, buckets)
    inside = [(step, value) for step, value in expected if first <= step <= last]
    assert_overview(reader.overview(run_id, NAME, first, last, buckets), inside, buckets)


def assert_summary(found, expected):
    values = [value for _, value in expected]
    finite = [value for value in values if math.isfinite(value)]
    assert found.n == len(values) == len(finite) + found.n_nan + found.n_pinf + found.n_ninf
    assert (found.n_pinf, found.n_ninf) == (values.count(math.inf), values.count(-math.inf))
    assert (found.low, found.high) == (min(finite, default=None), max(finite, default=None))
    assert repr(found.last) == repr(values[-1])


def assert_overview(found, expected, buckets):
    assert found.n.sum() == len(expected)
    assert len(found.n) <= buckets
    listed = [(step, WORDS[str(v)]) for step, v in expected if not math.isfinite(v)]
    assert [(odd.step, odd.kind) for odd in found.nonfinite] == listed
    at = 0
    for place, count in enumerate(found.n.tolist()):
        inside, at = expected[at : at + count], at + count
        finite = [value for _, value in inside if math.isfinite(value)]
        assert (found.first[place], found.last[place]) == (inside[0][0], inside[-1][0])
        assert found.n_nonfinite[place] == count - len(finite)
        kinds = (found.n_nan[place], found.n_pinf[place], found.n_ninf[place])
        assert kinds == counted(inside)
        exactly = {"rel": 0.0, "abs": 0.0, "nan_ok": True}
        assert found.low[place] == pytest.approx(min(finite, default=math.nan), **exactly)
        assert found.high[place] == pytest.approx(max(finite, default=math.nan), **exactly)
        mean = math.fsum(finite) / len(finite) if finite else math.nan
        assert found.mean[place] == pytest.approx(mean, rel=1e-9, abs=1e-6, nan_ok=True)


def counted(inside):
    """How many of some points are NaN, +Inf and -Inf."""
    values = [value for _, value in inside]
    return sum(map(math.isnan, values)), values.count(math.inf), values.count(-math.inf)


@pytest.fixture
def rows_read(monkeypatch):
    """The rows of chunks and rollups that were read."""
    read, nodes = [], Snapshot.nodes

    def noted(*how):
        read.extend(found := nodes(*how))
        return found

    monkeypatch.setattr(Snapshot, "nodes", noted)
    return read


@pytest.mark.parametrize("window", [(None, None), (3, None), (5, 4091), (1000, 3333)])
def test_however_long_a_run_an_overview_reads_few_rows(
    store, reader, small_rows, rows_read, window
):
    counts = []
    for length in (2**7, 2**10, 2**13):
        values = [math.nan if step % 97 == 5 else float(step % 11) for step in range(length)]
        run_of(store, f"run{length}", [(0, (0, 1, values), True)])
        rows_read.clear()
        reader.overview(f"run{length}", NAME, *window, 16)
        counts.append(len(rows_read))
    assert max(counts) < 64  # of 1024 chunks
