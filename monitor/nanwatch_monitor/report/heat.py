"""Many layers over steps as a heat map: a row a layer, colour by order of magnitude. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nanwatch_monitor.series.overview import Overview

COLUMNS = 200
ROW_PX, FRAME_PX, LETTER_PX = 14, 60, 6.2
HEIGHTS = (250, 720)
SHADES = ("#9ab8ea", "#123a86")
MOST_LETTERS = 28


def height(rows: int) -> int:
    """How high a map of so many rows is, in pixels."""
    return min(HEIGHTS[1], max(HEIGHTS[0], rows * ROW_PX + FRAME_PX))


def heat_map(curves: Mapping[str, Overview], bad: str) -> dict[str, Any]:
    """Data and layout as Plotly.js takes them.

    Args:
        curves: by the names that stand beside the rows, the first one on top.
        bad: the colour of what is not finite.
    """
    edges = _edges(curves)
    rows = [_row(curve, edges) for curve in curves.values()]
    names = list(curves)
    place = {"type": "heatmap", "x": ((edges[:-1] + edges[1:]) / 2).tolist(), "y": names}
    look = {"colorscale": [[0, SHADES[0]], [1, SHADES[1]]], "hoverongaps": False}
    heat = {**place, **look, "z": [_listed(heat) for heat, _ in rows], "colorbar": _scale(rows)}
    red = {"colorscale": [[0, bad], [1, bad]], "showscale": False, "hoverinfo": "skip"}
    odd = {**place, **red, "z": [[1 if cell else None for cell in marks] for _, marks in rows]}
    heat["hovertemplate"] = "%{y}: 10^%{z:.1f}<extra></extra>"
    return {"data": [heat, odd], "layout": _layout(names)}


def _edges(curves: Mapping[str, Overview]) -> NDArray[np.float64]:
    first = min(int(curve.first[0]) for curve in curves.values())
    last = max(int(curve.last[-1]) for curve in curves.values())
    return np.linspace(first, last + 1, min(COLUMNS, last + 1 - first) + 1)


def _row(
    curve: Overview, edges: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Powers of ten, and where something is not finite; what was seen holds until the next look."""
    n = len(edges) - 1
    at = np.clip(np.searchsorted(edges, curve.first, side="right") - 1, 0, n - 1)
    peaks = np.full(n, np.nan)
    np.fmax.at(peaks, at, curve.high)
    odd = np.zeros(n, bool)
    np.logical_or.at(odd, at, curve.n_nonfinite > 0)
    held = np.maximum.accumulate(np.where(odd | np.isfinite(peaks), np.arange(n), 0))
    powers = np.log10(np.where(peaks > 0, peaks, np.nan))
    return powers[held], odd[held]


def _listed(row: NDArray[np.float64]) -> list[float | None]:
    return [round(float(cell), 2) if np.isfinite(cell) else None for cell in row]


def _scale(rows: list[tuple[NDArray[np.float64], NDArray[np.bool_]]]) -> dict[str, Any]:
    """Whole powers beside the map."""
    powers = np.concatenate([heat[np.isfinite(heat)] for heat, _ in rows])
    low, high = (powers.min(), powers.max()) if len(powers) else (0.0, 0.0)
    every = max(1, int(np.ceil((high - low) / 8)))
    ticks = [p for p in range(int(np.floor(low)), int(np.ceil(high)) + 1) if p % every == 0]
    words = [f"{10.0**power:g}" for power in ticks]
    return {"thickness": 8, "outlinewidth": 0, "tickvals": ticks, "ticktext": words}


def _layout(names: list[str]) -> dict[str, Any]:
    words = [_shortened(name) for name in names]
    left = 12 + round(LETTER_PX * max(map(len, words)))
    every = -(-len(names) * ROW_PX // (HEIGHTS[1] - FRAME_PX))
    return {
        "margin": {"l": left, "r": 12, "t": 6, "b": 38},
        "yaxis": {
            "autorange": "reversed",
            "type": "category",
            "tickvals": names[::every],
            "ticktext": words[::every],
        },
        "xaxis": {"tickformat": ",d", "nticks": 8, "title": {"text": "step", "standoff": 4}},
    }


def _shortened(name: str) -> str:
    """A long name by its end, which tells layers of a block apart."""
    return name if len(name) <= MOST_LETTERS else f"…{name[1 - MOST_LETTERS :]}"
