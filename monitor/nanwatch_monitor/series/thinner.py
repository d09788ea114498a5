"""Which exact points of a run can go: those that rollups sum up."""

from __future__ import annotations

from collections.abc import Callable

from nanwatch_monitor.series import tree
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.thinning import Thinning


def thinning_of(store: Store) -> Callable[[str, float], int | None]:
    """What thins the runs of a store: see Thinning.thin."""
    return Thinning(store.database, tree.row_size(1)).thin
