"""Candidate changes to a training, each a small object that a replay can apply and undo."""

from nanwatch.autopsy.remedies import (
    data,
    faults,
    losses,
    network,
    optimizing,
    precision,
    safe_math,
    task,
)
from nanwatch.autopsy.remedies.remedy import Remedy

REMEDIES: dict[str, Remedy] = {
    remedy.name: remedy
    for family in (data, faults, losses, optimizing, network, precision, safe_math, task)
    for remedy in family.REMEDIES
}
"""Every remedy by the name under which a cause asks for it."""

__all__ = ["REMEDIES", "Remedy"]
