"""Several batches as one."""

import numpy as np
import pytest

from nanwatch.autopsy.merging import latest, merged, rows_of


def batches(n, rows=4):
    return [({"a": np.full((rows, 2), i)}, np.full(rows, i), None) for i in range(n)]


def test_structures_are_kept_and_rows_joined():
    x, y, weight = merged(batches(3))
    assert (x["a"].shape, y.shape, weight) == ((12, 2), (12,), None)
    np.testing.assert_array_equal(np.asarray(y), np.repeat([0, 1, 2], 4))


@pytest.mark.parametrize(("rows", "count"), [(4, 1), (9, 2), (100, 5)])
def test_the_last_ones_up_to_so_many_rows(rows, count):
    _, y, _ = latest(batches(5), rows)
    assert sorted(set(np.asarray(y).tolist())) == list(range(5 - count, 5))


def test_batches_that_do_not_fit_together_are_not_joined():
    odd = [(np.zeros((4, 2)), np.zeros(4)), (np.zeros((4, 3)), np.ones(4))]
    assert rows_of(latest(odd)) == 4
