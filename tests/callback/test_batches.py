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


def test_batches_beyond_the_budget_are_not_kept():
    assert kept(filled(3, budget=300)) == []


def test_batches_that_grow_are_weighed_again_in_time():
    ring = BatchRing(budget=20_000)
    for step in range(40):
        ring.add(step, np.zeros(100 if step < 16 else 1000))
    assert sum(batch_bytes(batch) for _, batch in ring.since(16)) <= 20_000
    assert kept(ring) == [38, 39]


def test_cleared_it_holds_nothing():
    ring = filled(3)
    ring.clear()
    assert kept(ring) == []


def test_bytes_of_nested_batches_are_summed():
    x = {"a": np.zeros((4, 2), "float32"), "b": tf.zeros((4, 3), tf.int64)}
    assert batch_bytes((x, None, tf.zeros(4, tf.float16))) == 32 + 96 + 8
