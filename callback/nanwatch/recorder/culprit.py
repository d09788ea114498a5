"""Which of several batches it was that raised when their steps were made in one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nanwatch.recorder.snapshot import Snapshot


def culprit(
    model: Any, run: Callable[[list[Any]], Any], batches: list[Any], error: BaseException
) -> int:
    """The number of the first batch whose step raises when it is made alone.

    The model is left as it was found. It is 0 when none raises: what was raised then came of the
    weights rather than of a batch.

    Args:
        error: what was raised; with Ctrl-C nobody wants to wait.
    """
    if len(batches) == 1 or isinstance(error, KeyboardInterrupt):
        return 0
    found = Snapshot(model, 0)
    try:
        return next((i for i, batch in enumerate(batches) if _raises(run, batch)), 0)
    finally:
        found.restore()


def _raises(run: Callable[[list[Any]], Any], batch: Any) -> bool:
    try:
        run([batch])
    except Exception:  # noqa: BLE001 - whatever the user's step raises is what is looked for
        return True
    return False
