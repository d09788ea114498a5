"""Writes a failing step into one file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec
from numpy.typing import NDArray

from nanwatch.bundle import archive
from nanwatch.bundle.keeper import Failure
from nanwatch.bundle.manifest import MANIFEST, MODEL, Batch, Manifest, Variable
from nanwatch.bundle.structure import Arrays, pack, pack_array
from nanwatch.describe import versions
from nanwatch.events import to_json
from nanwatch.recorder.snapshot import Snapshot, optimizers_of

_Values = list[tuple[Any, NDArray[Any]]]


def write(failure: Failure, path: str | os.PathLike[str]) -> Path:
    """Write `failure` to `path`, replacing what stands there; readable by this user only.

    Raises:
        BundleError: the batches hold what has no plain form.
        OSError: the file cannot be written.
    """
    arrays: Arrays = {}
    manifest = _manifest(failure, arrays)
    texts = {MANIFEST: to_json(msgspec.to_builtins(manifest))}
    if failure.architecture is not None:
        texts[MODEL] = json.loads(failure.architecture)
    archive.write(Path(path), texts, arrays)
    return Path(path)


def _manifest(failure: Failure, arrays: Arrays) -> Manifest:
    weights, optimizer = _split(failure.model, failure.state) if failure.state else ([], [])
    return Manifest(
        step=failure.index,
        state_step=failure.state.step if failure.state else None,
        diagnosis=failure.diagnosis,
        points=to_json(failure.points),
        versions=versions(),
        batches=[Batch(at, pack(part, f"batches/{at}", arrays)) for at, part in failure.batches],
        weights=_variables(weights, "weights", arrays),
        optimizer=_variables(optimizer, "optimizer", arrays),
        notes=list(failure.notes),
    )


def _split(model: Any, state: Snapshot) -> tuple[_Values, _Values]:
    """Weights, statistics and seeds apart from the optimizers' variables; metrics begin anew."""
    values = {id(variable): (variable, value) for variable, value in state.values}
    metrics = {id(variable) for variable in model.metrics_variables}
    slots = [v for optimizer in optimizers_of(model) for v in optimizer.variables]
    own = [v for v in model.variables if id(v) not in metrics]
    return _pick(own, values), _pick(slots, values)


def _variables(values: _Values, prefix: str, arrays: Arrays) -> list[Variable]:
    return [
        Variable(variable.path, pack_array(value, f"{prefix}/{variable.path}", arrays))
        for variable, value in values
    ]


def _pick(variables: list[Any], values: dict[int, tuple[Any, NDArray[Any]]]) -> _Values:
    return [values[id(variable)] for variable in variables if id(variable) in values]
