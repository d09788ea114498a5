"""Data, networks and the call of `fit` that many programs of the gallery share."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_digits

Array = np.ndarray


def fit(model: keras.Model, x: Any, y: Any = None, **options: Any) -> Any:
    """Train in the order of the data, 32 rows a batch, unless the options say otherwise."""
    arrays = isinstance(x, (np.ndarray, dict, list, tuple))
    if arrays:
        options = {"batch_size": 32, "shuffle": False, **options}
    return model.fit(x, y, verbose=0, **options)


def table(rows: int = 512, columns: int = 8, seed: int = 0) -> Array:
    """Standard normal features, (rows, columns)."""
    return np.random.default_rng(seed).normal(size=(rows, columns)).astype("float32")


def regression(rows: int = 512, columns: int = 8, seed: int = 0) -> tuple[Array, Array]:
    """Features and a target of unit scale with a mild curve, (rows, columns) and (rows, 1)."""
    rng = np.random.default_rng(seed)
    x = table(rows, columns, seed)
    y = x @ rng.normal(size=(columns, 1)) / np.sqrt(columns)
    y = y + 0.3 * np.sin(2 * x[:, :1]) + 0.1 * rng.normal(size=(rows, 1))
    return x, y.astype("float32")


def two_classes(rows: int = 512, columns: int = 8, seed: int = 0) -> tuple[Array, Array]:
    """Features and labels 0 or 1 that a small network tells apart well, (rows, 1) labels."""
    x, target = regression(rows, columns, seed)
    return x, (target > 0).astype("float32")


def classes(
    rows: int = 512, columns: int = 8, count: int = 4, seed: int = 0
) -> tuple[Array, Array]:
    """Clouds of points, one a class, that hardly overlap; integer labels (rows,)."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, count, size=rows)
    centres = 2.0 * rng.normal(size=(count, columns))
    return (centres[labels] / 2 + table(rows, columns, seed + 1) / 2).astype("float32"), labels


def digits(rows: int = 768) -> tuple[Array, Array]:
    """Handwritten digits, (rows, 64) in [0, 1], and their integer labels."""
    x, y = load_digits(return_X_y=True)
    return (x[:rows] / 16).astype("float32"), y[:rows].astype("int64")


def pictures(rows: int = 512) -> tuple[Array, Array]:
    """Handwritten digits as (rows, 8, 8, 1), and their integer labels."""
    x, y = digits(rows)
    return x.reshape(-1, 8, 8, 1), y


def walks(rows: int = 256, steps: int = 20, seed: int = 0) -> tuple[Array, Array]:
    """Noisy sines (rows, steps, 1), and the value that comes next (rows, 1)."""
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 2 * np.pi, size=(rows, 1))
    waves = np.sin(phase + 0.3 * np.arange(steps + 1)) + 0.05 * rng.normal(size=(rows, steps + 1))
    waves = waves.astype("float32")
    return waves[:, :-1, None], waves[:, -1:]


def sentences(rows: int = 384, length: int = 12, words: int = 50, seed: int = 0) -> tuple[Any, Any]:
    """Word ids (rows, length), and whether word 7 comes more often than word 8, (rows, 1)."""
    ids = np.random.default_rng(seed).integers(1, words, size=(rows, length))
    ids[:, :3] = np.where(np.arange(rows)[:, None] % 2, 7, 8)
    label = (ids == 7).sum(axis=1) > (ids == 8).sum(axis=1)
    return ids.astype("int32"), label.astype("float32")[:, None]


def mlp(
    inputs: int = 8,
    outputs: int = 1,
    activation: str | None = None,
    units: int = 32,
    depth: int = 2,
    hidden: str | None = "relu",
) -> keras.Sequential:
    """A fully connected network, not compiled."""
    body = [layers.Dense(units, activation=hidden) for _ in range(depth)]
    head = layers.Dense(outputs, activation=activation)
    return keras.Sequential([keras.Input((inputs,)), *body, head])


def convnet(outputs: int = 10, activation: str | None = "softmax") -> keras.Sequential:
    """A small picture classifier for `pictures`, not compiled."""
    body = [
        layers.Conv2D(8, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(32, activation="relu"),
    ]
    return keras.Sequential(
        [keras.Input((8, 8, 1)), *body, layers.Dense(outputs, activation=activation)]
    )
