"""Requests as trainings send them, for the measurements of storing."""

from __future__ import annotations

from typing import Any

import numpy as np

from nanwatch import wire
from nanwatch.events import Points, RunEnded, RunStarted
from nanwatch.wire import Frame


def metrics(begin: int, rows: int) -> dict[str, np.ndarray]:
    """Ten metrics as trainings log them: most of single precision, some smooth, some constant."""
    steps = np.arange(begin, begin + rows)
    random = np.random.default_rng(begin)
    trend = np.exp(-steps / 20_000)
    noise = random.standard_normal((6, rows))
    single = {
        "batch/loss": trend * (1 + 0.1 * noise[0]),
        "batch/loss_running": trend + 0.01 * noise[1],
        "batch/grad_norm": np.exp(noise[2]),
        "batch/update_ratio": 1e-3 * np.exp(0.3 * noise[3]),
        "batch/accuracy": random.integers(0, 33, rows) / 32,
        "batch/top5": random.integers(20, 33, rows) / 32,
        "layer/dense/grad_norm": np.exp(noise[4]),
        "layer/dense/weight_norm": 10 + steps * 1e-5,
    }
    found = {name: values.astype(np.float32).astype(float) for name, values in single.items()}
    schedule = 1e-3 * np.cos(steps * 1e-6)
    return {**found, "batch/learning_rate": schedule, "batch/seconds": 0.01 + 1e-3 * noise[5] ** 2}


def many_metrics(begin: int, rows: int, series: int) -> dict[str, np.ndarray]:
    """Ten metrics, and others that lie round each layer of a network."""
    values = np.exp(np.random.default_rng(begin).standard_normal((series, rows)))
    layers = {f"layer/dense_{no}/weight_norm": v for no, v in enumerate(values.astype(np.float32))}
    found = {**metrics(begin, rows), **{name: v.astype(float) for name, v in layers.items()}}
    return dict(list(found.items())[:series])


def frames(points: int, per_request: int, run: str, series: int = 10) -> list[bytes]:
    """The requests of a run."""
    rows = per_request // series
    said: list[Any] = [RunStarted(run, "bench")]
    for begin in range(0, points // series, rows):
        said.append(Points(np.arange(begin, begin + rows), many_metrics(begin, rows, series)))
    said.append(RunEnded("finished"))
    return [wire.encode(Frame(run, run, seq, (event,))) for seq, event in enumerate(said)]
