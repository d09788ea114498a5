"""Holds the failing step of a fit, so that it can be written down after the fit.

What is held lies within the recorder's memory budget, until the next fit begins. A healthy fit
holds nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import keras

from nanwatch.bundle.errors import BundleError
from nanwatch.events import Diagnosis
from nanwatch.recorder.batches import batch_bytes
from nanwatch.recorder.install import AnyRecorder
from nanwatch.recorder.memory import MIB, size_text
from nanwatch.recorder.seen import Step
from nanwatch.recorder.snapshot import Snapshot, state_bytes
from nanwatch.recorder.strategy import whole

HEALTHY = "no step failed in this fit: a bundle is written of a failing step only"

Batches = list[tuple[int, Any]]


@dataclass(frozen=True)
class Failure:
    """A failing step of a model.

    Attributes:
        finite: whether loss and gradients were.
        index: the failing step, global and 0-based.
        points: its values by series.
        batches: (step, batch) from the state's step to the failing one.
        state: the model before the first of `batches`, or None.
        architecture: the model and its compile settings as Keras' JSON, or None.
        notes: what is missing, and why.
    """

    model: Any
    index: int
    finite: bool
    diagnosis: Diagnosis
    points: dict[str, float]
    batches: Batches
    state: Snapshot | None
    architecture: str | None
    notes: tuple[str, ...]

    @property
    def nbytes(self) -> int:
        """The memory that it holds, but for the state."""
        return sum(batch_bytes(batch) for _, batch in self.batches)


class Keeper:
    """Keeps one failing step of a recorded fit: the first, or the first that is not finite.

    Args:
        guarded: whether an update that is not finite is held back, so that the model is left in
            the state before the step.
    """

    def __init__(self, recorder: AnyRecorder, guarded: bool) -> None:
        self._recorder = recorder
        self._guarded = guarded
        self._failure: Failure | None = None
        self._why_not = HEALTHY

    @property
    def failure(self) -> Failure:
        """The failing step. Raises BundleError that says why there is none."""
        if self._failure is None:
            raise BundleError(self._why_not)
        return self._failure

    def keep(self, diagnosis: Diagnosis, step: Step) -> bool:
        """Keep a step that was diagnosed just now, with the model as the step left it.

        Returns:
            Whether it is the first that is kept.
        """
        held = self._failure
        if held is not None and (step.finite or not held.finite):
            return False
        if (why_not := self._unkeepable(diagnosis, step)) is not None:
            self._why_not = why_not
            return False
        self._failure = self._taken(diagnosis, step)
        self._recorder.batches.reserve(self._failure.nbytes - (held.nbytes if held else 0))
        return held is None

    def _unkeepable(self, diagnosis: Diagnosis, step: Step) -> str | None:
        if step.batch is None:
            notes = "; ".join(self._recorder.notes) or "it came from no batch of the training"
            return f"the batch of step {diagnosis.first_step} could not be seen ({notes})"
        size, budget = batch_bytes(step.batch), self._recorder.batches.budget
        if size > budget:
            return (
                f"the batch of step {step.index} has {size_text(size)}, more than the memory "
                f"budget of {size_text(budget)}: NanWatch(memory_mib={size // MIB + 1}) keeps it"
            )
        return None

    def _taken(self, diagnosis: Diagnosis, step: Step) -> Failure:
        model = self._recorder.model
        batches = [(at, whole(model, batch)) for at, batch in self._recorder.batches.since(0)]
        first = diagnosis.first_step
        index = first if first in dict(batches) and first is not None else step.index
        state = self._state_before(index, step, [at for at, _ in batches])
        notes = [] if state else [f"the model's state before step {index} could not be kept"]
        architecture = self._architecture(notes)
        return Failure(
            model,
            index,
            step.finite,
            diagnosis,
            dict(step.points) if index == step.index else {},
            [item for item in batches if (state.step if state else index) <= item[0] <= index],
            state,
            architecture,
            tuple(notes),
        )

    def _state_before(self, index: int, step: Step, kept: list[int]) -> Snapshot | None:
        """The latest state from which the kept batches lead to step `index`."""
        held_back = not step.finite and step.update_finite
        if index == step.index and held_back and self._guarded and self._fits(step):
            return Snapshot(self._recorder.model, index)
        for snapshot in (self._recorder.healthy, self._recorder.start):
            if snapshot is not None and snapshot.step in kept and snapshot.step <= index:
                return snapshot
        return None

    def _fits(self, step: Step) -> bool:
        """Whether one copy of the state does; where snapshots are made, room is left for it."""
        size = state_bytes(self._recorder.model) + batch_bytes(step.batch)
        return self._recorder.start is not None or size <= self._recorder.batches.budget

    def _architecture(self, notes: list[str]) -> str | None:
        try:
            return json.dumps(keras.saving.serialize_keras_object(self._recorder.model))
        except Exception as error:  # noqa: BLE001 - the user's own get_config may raise anything
            notes.append(
                f"the model's architecture has no JSON form ({type(error).__name__}); build the "
                f"model by your own code and call bundle.restore(model)"
            )
            return None
