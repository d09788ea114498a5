"""JSON answers, with "NaN", "Infinity" and "-Infinity" where JSON has no number."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from starlette.responses import Response

from nanwatch_monitor.series.overview import kind_of


class Json(Response):
    """Plain values as JSON. They must be finite: see `numbers` and `nanwatch.events.to_json`."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Encode."""
        return msgspec.json.encode(content)


def numbers(values: NDArray[np.float64]) -> list[float | str]:
    """A list of numbers in which non-finite ones are words."""
    found: list[float | str] = values.tolist()
    for at in np.flatnonzero(~np.isfinite(values)):
        found[at] = kind_of(values[at])
    return found


def or_null(values: NDArray[Any]) -> list[float | None]:
    """A list of numbers in which NaN, meaning "none", is null."""
    return [None if value != value else value for value in values.tolist()]


def typed(values: NDArray[Any]) -> dict[str, str]:
    """A typed array as Plotly takes it: 64-bit floats, which hold every step exactly."""
    data = np.ascontiguousarray(values, dtype="<f8").tobytes()
    return {"dtype": "f8", "bdata": base64.b64encode(data).decode("ascii")}
