"""What holds a bundle's arrays together, as plain data that is checked when it is read."""

from __future__ import annotations

from typing import Literal

import msgspec

from nanwatch.bundle.structure import Dense, Node, Strings
from nanwatch.events import Diagnosis, Step

MANIFEST, MODEL = "manifest.json", "model.json"


class Variable(msgspec.Struct):
    """A variable of the model or its optimizer, and where its value is."""

    path: str
    value: Dense | Strings


class Batch(msgspec.Struct):
    """A batch of one step."""

    step: Step
    parts: Node


class Manifest(msgspec.Struct, kw_only=True):
    """A bundle in words.

    Attributes:
        step: the failing step: global, 0-based.
        state_step: the step that comes next after the kept state; None when none is kept.
        points: the failing step's values by series, non-finite ones as text.
        versions: of nanwatch, Keras, Python and the backend that trained.
        batches: one a step, from the state to the failing one.
        weights, optimizer: the state, in the order in which Keras lists it.
        notes: what the bundle lacks, and why.
    """

    format: Literal["nanwatch-bundle"] = "nanwatch-bundle"
    version: Literal[1] = 1
    step: Step
    state_step: Step | None
    diagnosis: Diagnosis
    points: dict[str, float | str]
    versions: dict[str, str]
    batches: list[Batch]
    weights: list[Variable]
    optimizer: list[Variable]
    notes: list[str]
