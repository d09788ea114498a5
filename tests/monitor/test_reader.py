"""Curves follow the log, and forgetting them loses nothing."""

from frames import frame, opening, points
from nanwatch import wire
from nanwatch_monitor.series.reader import SeriesReader


def append(store, *frames):
    store.log.append([(frame, wire.encode(frame)) for frame in frames], now=1000.0)


def steps(reader, name="batch/loss"):
    return reader.curve("run1", name).steps.tolist()


def test_a_curve_follows_the_log(store):
    reader = SeriesReader(store.log)
    append(store, opening(), frame(1, points([0, 1], batch_loss=[1, 2])))
    assert steps(reader) == [0, 1]
    append(store, frame(2, points([2], batch_loss=[3], batch_acc=[1])))
    assert steps(reader) == [0, 1, 2]
    assert reader.names("run1") == ["batch/loss", "batch/acc"]


def test_what_another_run_says_is_not_mixed_in(store):
    append(store, opening(), frame(1, points([0], batch_loss=[1])))
    append(store, opening("run2", "s2"))
    reader = SeriesReader(store.log)
    assert reader.curve("run2", "batch/loss") is None
    assert reader.curve("no-such-run", "batch/loss") is None


def test_a_later_attempt_lies_on_top(store):
    append(store, opening(), frame(1, points([0, 1, 2, 3], batch_loss=[1, 2, 3, 4])))
    append(store, opening(stream="two"), frame(1, points([2, 3], batch_loss=[9, 9]), stream="two"))
    curve = SeriesReader(store.log).curve("run1", "batch/loss")
    assert curve.steps.tolist() == [0, 1, 2, 3]
    assert curve.values.tolist() == [1, 2, 9, 9]


def test_forgotten_columns_are_read_again(store):
    append(store, opening(), frame(1, points([0, 1], batch_loss=[1, 2])))
    reader = SeriesReader(store.log, cache_bytes=0)
    assert steps(reader) == steps(reader) == [0, 1]


def test_all_curves_come_at_once(store):
    append(store, opening(), frame(1, points([4], batch_loss=[1], epoch_loss=[2])))
    found = SeriesReader(store.log).curves("run1")
    assert {name: curve.values.tolist() for name, curve in found.items()} == {
        "batch/loss": [1.0],
        "epoch/loss": [2.0],
    }


def test_many_short_series_take_little_memory(store):
    names = {f"layer_{k}": [1.0] for k in range(1000)}
    append(store, opening(), frame(1, points([0], **names)))
    reader = SeriesReader(store.log)
    reader.curves("run1")
    (columns,) = reader._streams.values()
    assert 1000 * 16 < columns.nbytes < 1000 * 1024


def test_a_log_with_a_hole_shows_what_is_there(store):
    append(store, opening(), frame(1, points([0], batch_loss=[1])))
    append(store, frame(2, points([1], batch_loss=[2])))
    with store.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM batch WHERE seq = 2")
    assert steps(SeriesReader(store.log)) == [0]
