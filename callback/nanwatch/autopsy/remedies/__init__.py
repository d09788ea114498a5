"""Candidate changes to a training, each a small object that a replay can apply and undo."""

from __future__ import annotations

from types import ModuleType

import keras

from nanwatch.autopsy.remedies import data, faults, losses, network, optimizing, task
from nanwatch.autopsy.remedies.remedy import Remedy


def _families() -> tuple[ModuleType, ...]:
    """The remedies of any backend, and those that exist for TensorFlow only."""
    general = (data, faults, losses, optimizing, network, task)
    if keras.backend.backend() != "tensorflow":
        return general
    from nanwatch.autopsy.remedies import precision, safe_math

    return (*general, precision, safe_math)


REMEDIES: dict[str, Remedy] = {
    remedy.name: remedy for family in _families() for remedy in family.REMEDIES
}
"""Every remedy that this backend knows, by the name under which a cause asks for it."""

__all__ = ["REMEDIES", "Remedy"]
