"""Overviews as Plotly figures: mean and envelope, and a rail for what is no finite number. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from plotly import graph_objects
from plotly.subplots import make_subplots

from nanwatch_monitor.series.overview import Overview

COLOURS = ("#1f5fd0", "#c25e00", "#1d7a46", "#7a6fb0", "#c0262d", "#0b7285", "#8a5a00", "#56616f")
RAIL, PLOT = 0.06, 0.94
MOST_LINES = 12
LOG_FROM = 100.0
"""From this ratio of largest to smallest positive value on an axis is logarithmic."""
TITLES = {
    "loss": "Loss",
    "grad_norm": "Gradient norm",
    "learning_rate": "Learning rate",
    "update_ratio": "Update ratio",
}
HIDDEN = ("epoch/last_step", "time")


@dataclass(frozen=True)
class Figure:
    """A chart.

    Attributes:
        plot: data and layout, as Plotly.js takes them.
    """

    title: str
    plot: Mapping[str, Any]


def figures(curves: Mapping[str, Overview]) -> list[Figure]:
    """A chart for each quantity; what is of batches and what is of epochs stand apart.

    The loss comes first, layers last.
    """
    charts: dict[str, dict[str, Overview]] = {}
    for name, curve in curves.items():
        if name not in HIDDEN and len(curve.n):
            charts.setdefault(_chart_of(name), {})[name] = curve
    order = sorted(charts, key=_rank)
    return [Figure(title, _plot(charts[title], title)) for title in order]


def _chart_of(name: str) -> str:
    """The title of the chart in which a series belongs."""
    kind, _, key = name.partition("/")
    if kind == "layer":
        return f"Layers: {key.rpartition('/')[2].replace('_', ' ')}"
    quantity = key.removeprefix("val_").removesuffix("_running")
    words = quantity.replace("_", " ")
    title = TITLES.get(quantity, words[:1].upper() + words[1:])
    return f"{title}, by {kind}" if kind in ("batch", "epoch") else name


def _rank(title: str) -> tuple[int, str]:
    known = [*TITLES.values()]
    place = next((at for at, word in enumerate(known) if title.startswith(word)), len(known))
    return (len(known) + 1 if title.startswith("Layers") else place, title)


def _plot(curves: Mapping[str, Overview], title: str) -> Any:
    figure = make_subplots(
        rows=2, shared_xaxes=True, row_heights=[RAIL, PLOT], vertical_spacing=0.01
    )
    for at, (name, curve) in enumerate(list(curves.items())[:MOST_LINES]):
        colour = COLOURS[at % len(COLOURS)]
        figure.add_traces(_lines(name, curve, colour), rows=2, cols=1)
        if curve.nonfinite:
            figure.add_trace(_rail(name, curve, colour), row=1, col=1)
    _mark_first(figure, curves.values())
    figure.update_layout(
        height=360,
        margin={"l": 64, "r": 16, "t": 8, "b": 40},
        template="plotly_white",
        legend={"orientation": "h", "y": -0.18},
        hovermode="x",
    )
    figure.update_yaxes(visible=False, range=[-1, 1], row=1, col=1)
    figure.update_yaxes(_axis(curves.values()), row=2, col=1)
    figure.update_xaxes(title="epoch" if title.endswith("by epoch") else "step", row=2, col=1)
    return json.loads(figure.to_json())


def _lines(name: str, curve: Overview, colour: str) -> list[Any]:
    """The mean, and round it what the buckets hold."""
    steps = curve.last
    mean = graph_objects.Scatter(
        x=steps, y=curve.mean, name=name, mode="lines+markers" if len(steps) < 3 else "lines"
    )
    mean.update(line={"color": colour, "width": 1.5}, connectgaps=False)
    if not bool((curve.n > 1).any()):
        return [mean]
    drawn = np.isfinite(curve.low)
    around = graph_objects.Scatter(
        x=np.concatenate([steps[drawn], steps[drawn][::-1]]),
        y=np.concatenate([curve.low[drawn], curve.high[drawn][::-1]]),
        fill="toself",
        fillcolor=colour,
        opacity=0.15,
        mode="none",
        hoverinfo="skip",
        showlegend=False,
    )
    return [around, mean]


def _rail(name: str, curve: Overview, colour: str) -> Any:
    return graph_objects.Scatter(
        x=[point.step for point in curve.nonfinite],
        y=[0] * len(curve.nonfinite),
        text=[point.kind for point in curve.nonfinite],
        name=f"{name}, not finite",
        mode="markers",
        marker={"symbol": "x", "color": colour, "size": 7},
        hovertemplate="%{text} at %{x}",
        showlegend=False,
    )


def _mark_first(figure: Any, curves: Iterable[Overview]) -> None:
    """A line at the first value that is no finite number."""
    odd = [(point.step, point.kind) for curve in curves for point in curve.nonfinite[:1]]
    if odd:
        step, kind = min(odd)
        figure.add_vline(step, line={"color": COLOURS[4], "width": 1, "dash": "dot"}, row=2, col=1)
        words = f"{kind} from {step}"
        figure.add_annotation(
            x=step, y=1, yref="y2 domain", text=words, showarrow=False, xanchor="left", row=2, col=1
        )


def _axis(curves: Iterable[Overview]) -> dict[str, Any]:
    """Logarithmic where values differ much; from 0 for one that never changes, however small."""
    curves = list(curves)
    ends = np.concatenate([end for curve in curves for end in (curve.low, curve.high)])
    ends = ends[np.isfinite(ends)]
    low, high = (float(ends.min()), float(ends.max())) if len(ends) else (0.0, 0.0)
    if low == high != 0.0:
        return {"range": sorted((0.0, 2.0 * low))}
    return {"type": "log" if low > 0.0 and high / low >= LOG_FROM else "linear"}
