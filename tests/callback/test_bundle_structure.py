"""Batches to pieces and back: every kind of array comes back as it was."""

import collections

import ml_dtypes
import msgspec
import numpy as np
import pytest
import tensorflow as tf

from nanwatch.bundle.errors import BundleError
from nanwatch.bundle.structure import Dense, Items, Node, pack, unpack

RAGGED = tf.ragged.constant([[[1.0], [2.0, 3.0]], [], [[4.0]]])
SPARSE = tf.sparse.from_dense([[0.0, 1.0], [2.0, 0.0]])


def through_json(batch):
    """A batch taken to pieces, its structure written as JSON, and put together again."""
    arrays = {}
    written = msgspec.json.encode(pack(batch, "b", arrays))
    assert not any(array.dtype.hasobject for array in arrays.values())
    return unpack(msgspec.json.decode(written, type=Node), arrays)


@pytest.mark.parametrize(
    "array",
    [
        np.array([[1.5, np.nan, -np.inf]], "float16"),
        np.array([1.5, np.nan], ml_dtypes.bfloat16),
        np.array([1.0, 2.0], ml_dtypes.float8_e4m3fn),
        np.arange(6, dtype="int8").reshape(2, 3),
        np.array(True),
        np.zeros((0, 4), "float32"),
        np.array(["a", "bc"]),
        tf.constant([[1, 2]], tf.int64),
        tf.constant([1.0], tf.bfloat16),
    ],
)
def test_arrays_come_back_bit_by_bit(array):
    (back,) = through_json((array,))
    expected = np.asarray(array)
    assert (back.dtype, back.shape) == (expected.dtype, expected.shape)
    assert back.tobytes() == expected.tobytes()


def test_words_come_back_with_every_byte():
    words = tf.constant([["snöw", ""], ["end\0", "\0"]])
    (back,) = through_json((words,))
    assert back.tolist() == words.numpy().tolist()
    (alone,) = through_json((tf.constant("sun"),))
    assert alone.tolist() == b"sun"


def test_ragged_and_sparse_tensors_come_back():
    ragged, sparse = through_json((RAGGED, SPARSE))
    assert ragged.to_list() == RAGGED.to_list()
    assert np.array_equal(tf.sparse.to_dense(sparse), tf.sparse.to_dense(SPARSE))


def test_ragged_words_come_back():
    (back,) = through_json((tf.ragged.constant([["a", "bc"], []]),))
    assert back.to_list() == [[b"a", b"bc"], []]


def test_the_structure_comes_back():
    x, y = {"b": np.zeros(2), "a": [np.ones(1), (np.ones(1), None)]}, np.zeros(1)
    back, target, weight = through_json((x, y, None))
    assert list(back) == ["b", "a"]
    assert isinstance(back["a"], list)
    assert isinstance(back["a"][1], tuple)
    assert (back["a"][1][1], weight) == (None, None)
    assert np.array_equal(target, y)


def test_a_batch_of_inputs_alone_is_a_tuple_of_one():
    assert len(through_json(np.zeros(3))) == 1
    assert len(through_json({"age": np.zeros(3)})) == 1


def test_names_from_the_data_stay_harmless_and_apart():
    arrays = {}
    pack(collections.OrderedDict({"../a": np.zeros(1), ".._a": np.ones(1)}), "batches/0", arrays)
    assert len(arrays) == 2
    assert not any(".." in name for name in arrays)


def test_python_objects_are_refused_in_words():
    with pytest.raises(BundleError, match="Python objects"):
        pack((np.array([{}, 1], object),), "b", {})
    with pytest.raises(BundleError, match="Python objects"):
        pack((np.array([(1, {})], [("n", "i4"), ("o", "O")]),), "b", {})


@pytest.mark.parametrize("dtype", ["object", "finfo", "float8_e4m3fn", "O8,O8", "__doc__"])
def test_a_type_that_does_not_fit_is_refused(dtype):
    with pytest.raises(BundleError, match="damaged"):
        unpack(Items([Dense("a", dtype)]), {"a": np.zeros(4, "uint64")})


def test_a_missing_array_is_named():
    with pytest.raises(BundleError, match="'a' is missing"):
        unpack(Dense("a", "float32"), {})
