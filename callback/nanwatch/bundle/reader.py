"""Opens a bundle: what happened, on which data, and the model to try it again with."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from nanwatch.bundle import archive
from nanwatch.bundle.errors import BundleError
from nanwatch.bundle.manifest import MANIFEST, MODEL, Manifest
from nanwatch.bundle.structure import (
    Dense,
    Fields,
    Items,
    Node,
    Ragged,
    Sequence,
    Sparse,
    Strings,
    unpack,
)
from nanwatch.events import Diagnosis


@dataclass(frozen=True)
class ArrayFacts:
    """One array of a bundle.

    Attributes:
        n_nan, n_inf: how many cells are; None of an array that holds no floating-point numbers.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    n_nan: int | None
    n_inf: int | None
    nbytes: int


class Bundle:
    """A failing step, opened. Made by `load_bundle`.

    Attributes:
        manifest: what holds the arrays together.
        arrays: every array by its name in the file, as numpy reads it.
    """

    def __init__(
        self, manifest: Manifest, arrays: Mapping[str, NDArray[Any]], architecture: Any
    ) -> None:
        self.manifest = manifest
        self.arrays = arrays
        self._architecture = architecture

    @property
    def step(self) -> int:
        """The failing step: global, 0-based."""
        return self.manifest.step

    @property
    def diagnosis(self) -> Diagnosis:
        """What was found."""
        return self.manifest.diagnosis

    @property
    def batches(self) -> list[tuple[int, tuple[Any, ...]]]:
        """(step, batch) from the kept state to the failing step, the failing one last."""
        return [(kept.step, unpack(kept.parts, self.arrays)) for kept in self.manifest.batches]

    @property
    def batch(self) -> tuple[Any, ...]:
        """The failing batch, as `model.train_on_batch(*bundle.batch)` takes it."""
        parts: tuple[Any, ...] = unpack(self.manifest.batches[-1].parts, self.arrays)
        return parts

    def model(self, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The Keras model as it was before the failing step: compiled, optimizer and seeds too.

            model = bundle.model()
            model.train_on_batch(*bundle.batch)      # fails as it did

        Built by Keras with its safe mode on: code that hides in the file is not run.

        Args:
            custom_objects: your own classes and functions by name, as in `keras.models.load_model`.

        Raises:
            BundleError: the file holds no architecture or no state, or Keras cannot rebuild it.
        """
        from nanwatch.bundle.rebuild import rebuild  # only now: it imports Keras

        if self._architecture is None:
            raise BundleError("; ".join(self.manifest.notes))
        return self.restore(rebuild(self._architecture, custom_objects))

    def restore(self, model: Any) -> Any:
        """Bring a compiled model of the same architecture to the state before the failing step.

        Returns:
            The model.

        Raises:
            BundleError: no state was kept, or the model is another one.
        """
        from nanwatch.bundle.rebuild import restore  # only now: it imports Keras

        restore(model, self.manifest, self.arrays, self.batches[:-1])
        return model

    def contents(self) -> Iterator[ArrayFacts]:
        """A look at every array, the failing batch first."""
        for kept in reversed(self.manifest.batches):
            for leaf in _leaves(kept.parts):
                yield self._look(leaf)
        for variable in (*self.manifest.weights, *self.manifest.optimizer):
            yield self._look(variable.value)

    def _look(self, leaf: Dense | Strings) -> ArrayFacts:
        if isinstance(leaf, Strings):
            lengths, text = self.arrays[leaf.lengths], self.arrays[leaf.text]
            name = leaf.lengths.removesuffix(".lengths")
            return ArrayFacts(name, lengths.shape, "string", None, None, text.nbytes)
        array = self.arrays[leaf.array]
        numbers = _floats(array, leaf.dtype)
        n_nan = None if numbers is None else int(np.isnan(numbers).sum())
        n_inf = None if numbers is None else int(np.isinf(numbers).sum())
        return ArrayFacts(leaf.array, array.shape, leaf.dtype, n_nan, n_inf, array.nbytes)


def load_bundle(path: str | os.PathLike[str], max_mib: int = archive.MAX_MIB) -> Bundle:
    """Open what `NanWatch.save_bundle` wrote. Imports no Keras; runs nothing of the file.

    Args:
        max_mib: how large the contents may be.

    Raises:
        BundleError: no bundle, a damaged one, one of a newer version or a larger one.
        OSError: the file cannot be read.
    """
    texts, arrays = archive.read(Path(path), max_mib)
    try:
        manifest = msgspec.convert(texts.get(MANIFEST), Manifest)
    except (msgspec.ValidationError, RecursionError) as error:
        raise BundleError(
            f"{path} is no bundle of nanwatch, or of a newer version ({error})"
        ) from error
    bundle = Bundle(manifest, arrays, texts.get(MODEL))
    _check(bundle, path)
    return bundle


def _check(bundle: Bundle, path: str | os.PathLike[str]) -> None:
    """Refuse a bundle whose parts do not belong together."""
    manifest = bundle.manifest
    variables = [variable.value for variable in (*manifest.weights, *manifest.optimizer)]
    leaves = [leaf for kept in manifest.batches for leaf in _leaves(kept.parts)]
    named = {name for leaf in (*leaves, *variables) for name in _names(leaf)}
    first = manifest.step if manifest.state_step is None else manifest.state_step
    steps = [kept.step for kept in manifest.batches]
    if named - set(bundle.arrays) or steps != list(range(first, manifest.step + 1)):
        raise BundleError(f"{path} is damaged: its manifest and its arrays do not fit")
    if not all(isinstance(kept.parts, Items) for kept in manifest.batches):
        raise BundleError(f"{path} is damaged: a batch is no tuple")


def _names(leaf: Dense | Strings) -> tuple[str, ...]:
    return (leaf.array,) if isinstance(leaf, Dense) else (leaf.text, leaf.lengths)


def _leaves(node: Node) -> Iterator[Dense | Strings]:
    match node:
        case Dense() | Strings():
            yield node
        case Items() | Sequence():
            for part in node.parts:
                yield from _leaves(part)
        case Fields():
            for part in node.parts.values():
                yield from _leaves(part)
        case Ragged():
            yield from (node.values, *node.splits)
        case Sparse():
            yield from (node.indices, node.values, node.shape)


def _floats(array: NDArray[Any], dtype: str) -> NDArray[Any] | None:
    """The numbers of a floating-point array; of bfloat16, which lies in the file as integers."""
    if array.dtype.kind in "fc":
        return array
    if dtype == "bfloat16" and array.dtype == np.uint16:
        return (array.astype(np.uint32) << 16).view(np.float32)
    return None
