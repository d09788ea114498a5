"""The ring of the last batches: bounded in number and in bytes."""

import numpy as np
import tensorflow as tf

from nanwatch.recorder.batches import BatchRing, batch_bytes


def kept(ring, since=0):
    return [step for step, _ in ring.since(since)]


def filled(n, **limits):
    ring = BatchRing(**limits)
    for step in range(n):
        ring.add(step, (np.zeros((10, 10), "float32"), None))
    return ring


def test_the_last_batches_are_kept_in_order():
    ring = filled(10, count=4)
    assert kept(ring) == [6, 7, 8, 9]
    assert kept(ring, since=8) == [8, 9]


def test_memory_is_bounded():
    assert kept(filled(10, budget=1000)) == [8, 9]


def test_a_batch_beyond_the_budget_is_kept_only_while_its_step_runs():
    ring = filled(3, budget=300)
    assert kept(ring) == [2]
    ring.make_room()
    assert kept(ring) == []


def test_what_else_is_kept_leaves_less_room_for_batches():
    ring = filled(10, budget=2000)
    ring.reserve(1000)
    ring.make_room()
    assert kept(ring) == [8, 9]
    ring.reserve(-1000)
    assert ring.room == 2000


def test_batches_that_grow_are_weighed_in_time():
    ring = BatchRing(budget=20_000)
    for step in range(40):
        ring.add(step, np.zeros(100 if step < 10 else 1000))
        assert sum(batch_bytes(batch) for _, batch in ring.since(0)) <= 20_000
    assert kept(ring) == [38, 39]


def test_what_the_budget_does_not_allow_is_said_in_words():
    assert filled(10, budget=100_000).shortfall() is None
    few = filled(3, budget=1100)
    few.reserve(100)
    assert few.shortfall() == (
        "batches of 400 B: the last 2 are kept in a memory budget of 1 KiB, "
        "of which 1000 B are left for batches"
    )
    assert "only the current one is kept" in filled(1, budget=300).shortfall()


def test_cleared_it_holds_nothing():
    ring = filled(3)
    ring.clear()
    assert kept(ring) == []


def test_bytes_of_nested_batches_are_summed():
    x = {"a": np.zeros((4, 2), "float32"), "b": tf.zeros((4, 3), tf.int64)}
    assert batch_bytes((x, None, tf.zeros(4, tf.float16))) == 32 + 96 + 8


def test_ragged_and_sparse_batches_weigh_what_they_hold():
    ragged = tf.ragged.constant([[1.0], [2.0, 3.0, 4.0]])  # 4 values and 3 row splits
    sparse = tf.sparse.from_dense(np.eye(100, dtype="float32"))  # 100 × (2 indices, 1 value)
    assert batch_bytes((ragged,)) == 4 * 4 + 3 * 8
    assert batch_bytes({"x": sparse}) == 100 * (2 * 8 + 4) + 2 * 8


def test_strings_weigh_their_text():
    assert batch_bytes(tf.constant(["a" * 1000, "b"])) >= 1001
    assert batch_bytes(np.array([b"a" * 1000, "b"], object)) >= 1001
