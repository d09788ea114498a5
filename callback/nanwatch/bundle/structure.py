"""The structure of a batch as plain data, its arrays apart.

`pack` takes a batch to pieces that an .npz can hold, without pickle; `unpack` puts it together:
ragged and sparse tensors, strings and bfloat16 included.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from nanwatch.bundle.errors import BundleError

Arrays = dict[str, NDArray[Any]]


class Nothing(msgspec.Struct, tag="none"):
    """A part that is missing, such as no sample weights."""


class Dense(msgspec.Struct, tag="dense"):
    """An array; `dtype` is its own, where the file can only hold it as integers (bfloat16)."""

    array: str
    dtype: str


class Strings(msgspec.Struct, tag="strings"):
    """Texts: their bytes in one array, their lengths, in the shape of the original, in another."""

    text: str
    lengths: str


class Ragged(msgspec.Struct, tag="ragged"):
    """Rows of different lengths, as TensorFlow keeps them."""

    values: Dense | Strings
    splits: list[Dense]


class Sparse(msgspec.Struct, tag="sparse"):
    """The cells that are not zero, as TensorFlow keeps them."""

    indices: Dense
    values: Dense | Strings
    shape: Dense


class Items(msgspec.Struct, tag="tuple"):
    """A tuple of parts."""

    parts: list[Node]


class Sequence(msgspec.Struct, tag="list"):
    """A list of parts."""

    parts: list[Node]


class Fields(msgspec.Struct, tag="dict"):
    """Parts by name."""

    parts: dict[str, Node]


Node = Nothing | Dense | Strings | Ragged | Sparse | Items | Sequence | Fields
_ROLES = ("x", "y", "sample_weight")


def pack(batch: Any, prefix: str, arrays: Arrays) -> Node:
    """Take a batch to pieces: its arrays go into `arrays` under names that begin with `prefix`.

    Raises:
        BundleError: a part is an array of Python objects, or no array at all.
    """
    parts = batch if isinstance(batch, tuple) else (batch,)
    roles = [*_ROLES[: len(parts)], *map(str, range(len(_ROLES), len(parts)))]
    packer = _Packer(arrays)
    return Items([packer.pack(p, f"{prefix}/{r}") for p, r in zip(parts, roles, strict=True)])


def pack_array(value: Any, name: str, arrays: Arrays) -> Dense | Strings:
    """Put one dense array into `arrays`. Raises BundleError when it holds Python objects."""
    return _Packer(arrays).dense(value, name)


def unpack(node: Node, arrays: Mapping[str, NDArray[Any]]) -> Any:
    """Put a batch together again; only ragged and sparse parts need TensorFlow.

    Raises:
        BundleError: an array is missing or does not fit.
    """
    match node:
        case Nothing():
            return None
        case Items():
            return tuple(unpack(part, arrays) for part in node.parts)
        case Sequence():
            return [unpack(part, arrays) for part in node.parts]
        case Fields():
            return {name: unpack(part, arrays) for name, part in node.parts.items()}
        case Dense():
            return typed(_array(node.array, arrays), node.dtype)
        case Strings():
            return _texts(_array(node.text, arrays), _array(node.lengths, arrays))
        case Ragged() | Sparse():
            return _composite(node, arrays)


def typed(array: NDArray[Any], dtype: str) -> NDArray[Any]:
    """The array in its own type, which numpy may know only by the help of ml_dtypes."""
    if array.dtype.name == dtype:
        return array
    try:
        import ml_dtypes
    except ImportError as error:
        raise BundleError(
            f"an array of {dtype} needs the package ml_dtypes: pip install ml_dtypes"
        ) from error
    kind = getattr(ml_dtypes, dtype, None)
    own = np.dtype(kind) if isinstance(kind, type) else None
    if own is None or own.hasobject or own.itemsize != array.dtype.itemsize:
        raise BundleError(f"the bundle is damaged: {array.dtype} is said to be {dtype[:40]!r}")
    return array.view(own)


class _Packer:
    """Gives every array a name of its own."""

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays

    def pack(self, part: Any, name: str) -> Node:
        if part is None:
            return Nothing()
        if isinstance(part, Mapping):
            return Fields({str(k): self.pack(v, f"{name}.{k}") for k, v in part.items()})
        if isinstance(part, list | tuple):
            parts = [self.pack(item, f"{name}.{i}") for i, item in enumerate(part)]
            return Items(parts) if isinstance(part, tuple) else Sequence(parts)
        if hasattr(part, "nested_row_splits"):
            splits = enumerate(part.nested_row_splits)
            return Ragged(
                self.dense(part.flat_values, f"{name}.values"),
                [self._numbers(split, f"{name}.splits{i}") for i, split in splits],
            )
        if hasattr(part, "dense_shape"):
            return Sparse(
                self._numbers(part.indices, f"{name}.indices"),
                self.dense(part.values, f"{name}.values"),
                self._numbers(part.dense_shape, f"{name}.shape"),
            )
        return self.dense(part, name)

    def dense(self, part: Any, name: str) -> Dense | Strings:
        array = np.asarray(part)
        if array.dtype == object:
            return self._strings(array, name)
        return self._numbers(array, name)

    def _numbers(self, part: Any, name: str) -> Dense:
        array = np.asarray(part)
        if array.dtype.hasobject:
            raise BundleError(f"{name} holds Python objects, which a bundle does not keep")
        kind = array.dtype
        if kind.kind == "V" and kind.names is None:  # numpy's files know no bfloat16
            array = array.view(f"u{kind.itemsize}")
        return Dense(self._add(array, name), kind.name)

    def _strings(self, array: NDArray[Any], name: str) -> Strings:
        items = list(array.flat)
        if not all(isinstance(item, bytes | str) for item in items):
            raise BundleError(
                f"{name} is an array of Python objects, which a bundle does not keep: give fit "
                f"arrays of numbers or of strings"
            )
        texts = [item.encode() if isinstance(item, str) else item for item in items]
        lengths = np.array([len(text) for text in texts], np.int64).reshape(array.shape)
        whole = np.frombuffer(b"".join(texts), np.uint8)
        return Strings(self._add(whole, f"{name}.text"), self._add(lengths, f"{name}.lengths"))

    def _add(self, array: NDArray[Any], name: str) -> str:
        plain = re.sub(r"[^\w./-]|\.\.|//", "_", name, flags=re.ASCII)[:200]
        own = next(n for n in _candidates(plain) if n not in self._arrays)
        self._arrays[own] = array
        return own


def _candidates(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1


def _array(name: str, arrays: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    if name not in arrays:
        raise BundleError(f"the bundle is damaged: the array {name[:200]!r} is missing")
    return arrays[name]


def _texts(text: NDArray[Any], lengths: NDArray[Any]) -> NDArray[Any]:
    fits = text.dtype == np.uint8 and lengths.dtype == np.int64 and (lengths >= 0).all()
    if not fits or int(lengths.sum()) != text.size:
        raise BundleError("the bundle is damaged: texts and their lengths do not fit")
    whole, ends = text.tobytes(), np.cumsum(lengths)
    texts = np.empty(math.prod(lengths.shape), object)
    pairs = zip(lengths.flat, ends, strict=True)
    texts[:] = [whole[end - length : end] for length, end in pairs]
    return texts.reshape(lengths.shape)


def _composite(node: Ragged | Sparse, arrays: Mapping[str, NDArray[Any]]) -> Any:
    try:
        import tensorflow as tf
    except ImportError as error:
        raise BundleError(
            "the batch holds ragged or sparse tensors, which need TensorFlow: "
            "pip install tensorflow"
        ) from error
    values = unpack(node.values, arrays)
    if isinstance(node, Ragged):
        splits = [unpack(split, arrays) for split in node.splits]
        return tf.RaggedTensor.from_nested_row_splits(values, splits)
    return tf.SparseTensor(unpack(node.indices, arrays), values, unpack(node.shape, arrays))
