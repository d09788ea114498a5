"""Overviews as Plotly figures: mean and envelope, and a rail for what is no finite number. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from plotly import graph_objects
from plotly.subplots import make_subplots

from nanwatch_monitor.report.heat import HEIGHTS, heat_map, height
from nanwatch_monitor.series.overview import Overview

COLOURS = ("#1f5fd0", "#c25e00", "#1d7a46", "#7a6fb0", "#c0262d", "#0b7285", "#8a5a00", "#56616f")
BAD, INK, PAPER, GRID, BAND = "#c0262d", "#17202b", "#ffffff", "#e9edf1", "rgba(192,38,45,0.075)"
"""Beside those of the lines. On a dark screen the file's own script puts others in their place."""
KINDS = {"NaN": "NaN", "Infinity": "+Inf", "-Infinity": "−Inf"}
FONT = 'Inter, ui-sans-serif, system-ui, "Segoe UI", Roboto, Arial, sans-serif'
RAIL, PLOT = 0.06, 0.94
MOST_LINES = 12
MANY_LAYERS = 4
"""More than these are a heat map: nobody tells so many lines apart."""
MARKED = 30
"""So few points are marked, for a line alone would hide how few they are."""
LOG_FROM = 30.0
"""From this ratio of largest to smallest positive value on an axis is logarithmic."""
FINE_TO = 300.0
"""Up to this ratio it has ticks between the powers of ten."""
MEASURE = re.compile(r"(.+)/(min|max|mean|std)")
"""The measures of an array share a chart."""
TITLES = {
    "loss": "Loss",
    "grad_norm": "Gradient norm",
    "learning_rate": "Learning rate",
    "update_ratio": "Update ratio",
}
HIDDEN = ("epoch/last_step", "time")
"""Series that place the others and say nothing themselves."""


@dataclass(frozen=True)
class Figure:
    """A chart.

    Attributes:
        plot: data and layout, as Plotly.js takes them.
        height: in pixels.
        wide: whether it takes a row.
    """

    title: str
    plot: Mapping[str, Any]
    height: int = HEIGHTS[0]
    wide: bool = False


def figures(curves: Mapping[str, Overview]) -> list[Figure]:
    """A chart for each quantity; what is of batches and what is of epochs stand apart.

    The loss comes first, layers last.
    """
    charts: dict[str, dict[str, Overview]] = {}
    for name, curve in curves.items():
        if len(curve.n):
            charts.setdefault(_chart_of(name), {})[name] = curve
    return [_figure(title, charts[title]) for title in sorted(charts, key=_rank)]


def _figure(title: str, curves: Mapping[str, Overview]) -> Figure:
    if title.startswith("Layers") and len(curves) > MANY_LAYERS:
        rows = {_label(name): curve for name, curve in curves.items()}
        plot = heat_map(rows, BAD)
        plot["layout"] = _layout(many=False) | plot["layout"]
        return Figure(title, plot, height(len(rows)), wide=True)
    by_epoch = title.endswith("by epoch")
    shown = {name: _from_one(curve) for name, curve in curves.items()} if by_epoch else curves
    return Figure(title, _plot(shown, "epoch" if by_epoch else "step"))


def _from_one(curve: Overview) -> Overview:
    """The same with epochs counted from 1, as Keras prints them."""
    odd = tuple(replace(point, step=point.step + 1) for point in curve.nonfinite)
    return replace(curve, first=curve.first + 1, last=curve.last + 1, nonfinite=odd)


def _chart_of(name: str) -> str:
    """The title of the chart in which a series belongs."""
    kind, _, key = name.partition("/")
    measure = MEASURE.fullmatch(name)
    if measure and kind not in ("batch", "epoch", "layer"):
        return measure[1]
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


def _plot(curves: Mapping[str, Overview], unit: str) -> Any:
    figure = make_subplots(
        rows=2, shared_xaxes=True, row_heights=[RAIL, PLOT], vertical_spacing=0.01
    )
    shown = dict(list(curves.items())[:MOST_LINES])
    for at, (name, curve) in enumerate(shown.items()):
        figure.add_traces(_lines(name, curve, COLOURS[at % len(COLOURS)]), rows=2, cols=1)
        if curve.nonfinite:
            figure.add_trace(_rail(name, curve), row=1, col=1)
    _mark_first(figure, shown.values(), unit)
    figure.update_layout(_layout(many=len(shown) > 1))
    figure.update_xaxes({"gridcolor": GRID, "zeroline": False, "tickformat": ",d", "nticks": 8})
    figure.update_yaxes({"gridcolor": GRID, "zeroline": False})
    figure.update_yaxes(_rail_axis(shown.values()), row=1, col=1)
    figure.update_yaxes(_axis(shown.values()), row=2, col=1)
    figure.update_xaxes(showgrid=False, row=1, col=1)
    figure.update_xaxes(title={"text": unit, "standoff": 4}, row=2, col=1)
    return json.loads(figure.to_json())


def _layout(many: bool) -> dict[str, Any]:
    """What all charts have in common; their colours are those of paper."""
    return {
        "template": "none",
        "font": {"family": FONT, "size": 11, "color": COLOURS[7]},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "margin": {"l": 56, "r": 12, "t": 6, "b": 38},
        "showlegend": many,
        "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": PAPER, "font": {"color": INK}},
    }


def _lines(name: str, curve: Overview, colour: str) -> list[Any]:
    """The mean, and round it what the buckets hold."""
    steps = curve.last
    mode = "lines+markers" if len(steps) <= MARKED else "lines"
    mean = graph_objects.Scatter(x=steps, y=curve.mean, name=_label(name), mode=mode)
    mean.update(line={"color": colour, "width": 1.5}, connectgaps=False)
    if not bool((curve.n > 1).any()):
        return [mean]
    drawn = np.isfinite(curve.low)
    around = graph_objects.Scatter(
        x=np.concatenate([steps[drawn], steps[drawn][::-1]]),
        y=np.concatenate([curve.low[drawn], curve.high[drawn][::-1]]),
        fill="toself",
        fillcolor=colour,
        opacity=0.18,
        mode="none",
        hoverinfo="skip",
        showlegend=False,
    )
    return [around, mean]


def _label(name: str) -> str:
    """A series in the legend, as text: Plotly reads a little HTML."""
    label = _short(name)
    return label.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _short(name: str) -> str:
    """Without what the title says already."""
    kind, _, key = name.partition("/")
    if kind == "layer":
        return key.rpartition("/")[0]
    if kind not in ("batch", "epoch") and (measure := MEASURE.fullmatch(name)):
        return measure[2]
    return f"{key.removesuffix('_running')}, running mean" if key.endswith("_running") else key


def _rail(name: str, curve: Overview) -> Any:
    return graph_objects.Scatter(
        x=[point.step for point in curve.nonfinite],
        y=[0] * len(curve.nonfinite),
        text=[KINDS[point.kind] for point in curve.nonfinite],
        name=f"{_label(name)}, not finite",
        mode="markers",
        marker={"symbol": "triangle-down", "color": BAD, "size": 7},
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )


def _rail_axis(curves: Iterable[Overview]) -> dict[str, Any]:
    """The strip above the plot says what stands on it; without anything there it is not shown."""
    kinds = {KINDS[point.kind] for curve in curves for point in curve.nonfinite}
    words = next(iter(kinds)) if len(kinds) == 1 else "NaN, Inf"
    told = {"tickvals": [0], "ticktext": [words], "tickfont": {"color": BAD}, "showgrid": False}
    return {"range": [-1, 1], "visible": bool(kinds), **told}


def _mark_first(figure: Any, curves: Iterable[Overview], unit: str) -> None:
    """A line at the first value that is no finite number, and a band from a last finite one on."""
    curves = list(curves)
    odd = [(point.step, point.kind) for curve in curves for point in curve.nonfinite[:1]]
    if not odd:
        return
    step, kind = min(odd)
    end = max(int(curve.last[-1]) for curve in curves)
    if all(_is_over(curve, step) for curve in curves) and end > step:
        figure.add_vrect(step, end, fillcolor=BAND, line_width=0, layer="below", row=2, col=1)
    figure.add_vline(step, line={"color": BAD, "width": 1.5}, row=2, col=1)
    on_the_left = 2 * step > end
    figure.add_annotation(
        x=step,
        y=0.93,
        yref="y2 domain",
        text=f"{KINDS[kind]} from {unit} {step:,}",
        showarrow=False,
        xanchor="right" if on_the_left else "left",
        xshift=-8 if on_the_left else 8,
        font={"color": BAD, "size": 12},
        bgcolor=PAPER,
        bordercolor=BAD,
        borderpad=4,
        row=2,
        col=1,
    )


def _is_over(curve: Overview, step: int) -> bool:
    """Whether no finite value came after a step."""
    return not bool(np.isfinite(curve.mean[curve.first > step]).any())


def _axis(curves: Iterable[Overview]) -> dict[str, Any]:
    """Logarithmic where values differ much; from 0 for one that never changes, however small."""
    curves = list(curves)
    ends = np.concatenate([end for curve in curves for end in (curve.low, curve.high)])
    ends = ends[np.isfinite(ends)]
    low, high = (float(ends.min()), float(ends.max())) if len(ends) else (0.0, 0.0)
    if low == high != 0.0:
        return {"range": sorted((0.0, 2.0 * low))}
    if low > 0.0 and high / low >= LOG_FROM:
        return {"type": "log", **_log_ticks(low, high)}
    return {"type": "linear", "exponentformat": "e"}


def _log_ticks(low: float, high: float) -> dict[str, Any]:
    """Powers of ten, and between them where they are few, each as a whole number."""
    ends = [int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))]
    every = max(1, (ends[1] - ends[0]) // 7)
    between = (1, 2, 5) if high / low <= FINE_TO else (1,)
    powers = [power for power in range(ends[0], ends[1] + 1) if power % every == 0]
    ticks = [float(f"{digit}e{power}") for power in powers for digit in between]
    return {"tickvals": ticks, "ticktext": [f"{tick:,g}" for tick in ticks]}
