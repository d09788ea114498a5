"""What watching costs a training: CPU and wall time against no callback, side by side.

Every round trains each variant once, in turn, in this one process, and between any two of them
the model without a callback; a ratio is taken against the mean of the two such trainings beside
it. So a busy machine slows both sides alike. Printed: the median ratio and its bootstrap 95 %
interval, as the table of docs/benchmarks.md.

    python bench/callback.py [rounds]
"""

from __future__ import annotations

import dataclasses
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from nanwatch import NanWatch
from nanwatch.session import Session

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 8
FEW = 10
"""Batches of a fit that costs little but what every fit costs once."""
MlpOrConv = Callable[[], keras.Model]


@dataclass(frozen=True)
class Task:
    """A model and its data."""

    name: str
    make: MlpOrConv
    x: np.ndarray
    y: np.ndarray
    batch_size: int


@dataclass(frozen=True)
class Cost:
    """One fit, per batch, in microseconds."""

    cpu: float
    wall: float


class DoNothing(keras.callbacks.Callback):
    """A callback with a batch hook that does nothing: what any hook costs in Keras."""

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        """Do nothing."""


def mlp() -> keras.Model:
    """About 1.5 ms a step."""
    dense = [keras.layers.Dense(256, activation="relu") for _ in range(3)]
    return compiled([keras.layers.Input((64,)), *dense, keras.layers.Dense(10)])


def conv() -> keras.Model:
    """Well over 10 ms a step."""
    layers = keras.layers
    return compiled(
        [
            layers.Input((32, 32, 3)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.Conv2D(32, 3, strides=2, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10),
        ]
    )


def compiled(layers: list[keras.layers.Layer]) -> keras.Model:
    """A classifier of ten classes."""
    model = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def variants(logs: str) -> dict[str, Callable[[], list[keras.callbacks.Callback]]]:
    """What is compared, by name."""
    return {
        "no callback, again": list,
        "a hook that does nothing": lambda: [DoNothing()],
        "NanWatch, light": lambda: [NanWatch(probes="light", verbose=0)],
        "NanWatch, full": lambda: [NanWatch(verbose=0)],
        "TensorBoard, per batch": lambda: [keras.callbacks.TensorBoard(logs, update_freq="batch")],
    }


def fit(model: keras.Model, task: Task, callbacks: list[keras.callbacks.Callback]) -> Cost:
    """Train one epoch."""
    batches = len(task.x) // task.batch_size
    cpu, wall = time.process_time(), time.perf_counter()
    model.fit(task.x, task.y, batch_size=task.batch_size, verbose=0, callbacks=callbacks)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Cost(cpu / batches * 1e6, wall / batches * 1e6)


def compare(task: Task, logs: str) -> None:
    """Train every variant in turn and print the table."""
    plain, models = task.make(), {name: task.make() for name in variants(logs)}
    pairs: dict[str, list[tuple[Cost, Cost]]] = {name: [] for name in models}
    for number in range(ROUNDS + 2):
        base = fit(plain, task, [])
        for name, callbacks in variants(logs).items():
            own, after = fit(models[name], task, callbacks()), fit(plain, task, [])
            if number >= 2:  # the first rounds trace and warm up
                pairs[name].append((own, mean_of(base, after)))
            base = after
    steps = [base.wall for own in pairs.values() for _, base in own]
    print(f"\n{task.name}: {statistics.median(steps) / 1000:.1f} ms a step, {ROUNDS} rounds\n")
    print("| against no callback | CPU | 95 % interval | wall | 95 % interval |")
    print("|---|---|---|---|---|")
    for name, own in pairs.items():
        print(f"| {name} | {_ratio(own, 'cpu')} | {_ratio(own, 'wall')} |")


def mean_of(a: Cost, b: Cost) -> Cost:
    """The mean of two fits."""
    return Cost((a.cpu + b.cpu) / 2, (a.wall + b.wall) / 2)


def _ratio(pairs: list[tuple[Cost, Cost]], kind: str) -> str:
    ratios = np.array([getattr(own, kind) / getattr(base, kind) for own, base in pairs])
    rng = np.random.default_rng(0)
    medians = np.median(rng.choice(ratios, (2000, len(ratios))), axis=1)
    low, high = np.percentile(medians, [2.5, 97.5])
    return f"{np.median(ratios):.3f} | {low:.3f} to {high:.3f}"


def once_cost(task: Task) -> None:
    """Print what a fit costs once: describing the model, a look at the data, judging the run."""
    rows = FEW * task.batch_size
    short = dataclasses.replace(task, x=task.x[:rows], y=task.y[:rows])
    plain, watched, spent = task.make(), task.make(), []
    for number in range(ROUNDS + 2):
        base, own = fit(plain, short, []), fit(watched, short, [NanWatch(verbose=0)])
        if number >= 2:
            spent.append((own.cpu - base.cpu, own.wall - base.wall))
    cpu, wall = np.median(spent, 0) * FEW / 1e6
    print(f"\nOnce a fit, {task.name}, full: {cpu:.2f} s of CPU, {wall:.2f} s of wall time")


def hook_cost(task: Task) -> None:
    """Print the CPU of the batch hook alone, beyond what the step itself records."""
    spent: list[float] = []
    watch = Session.on_step

    def timed(session: Session, step: object) -> None:
        began = time.thread_time()
        watch(session, step)  # type: ignore[arg-type]
        spent.append(time.thread_time() - began)

    Session.on_step = timed  # type: ignore[assignment,method-assign]
    try:
        fit(task.make(), task, [NanWatch(verbose=0)])
    finally:
        Session.on_step = watch  # type: ignore[method-assign]
    micro = np.array(spent[10:]) * 1e6
    print(
        f"\nThe batch hook: mean {micro.mean():.1f} us of CPU, median {np.median(micro):.1f}, "
        f"99th percentile {np.percentile(micro, 99):.0f} ({len(micro)} batches)"
    )


def rows_of(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of 64 numbers, and ten classes that follow from them.

    A run that learns nothing would be looked into at its end, and that is not what is measured.
    """
    rows = rng.normal(size=(count, 64)).astype("f")
    return rows, (rows @ rng.normal(size=(64, 10))).argmax(axis=1)


def images_of(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Noisy pictures of 32 x 32 dots, each class with a colour of its own."""
    labels = rng.integers(10, size=count)
    colours = rng.normal(size=(10, 3))[labels][:, None, None]
    return (rng.normal(size=(count, 32, 32, 3)) + colours).astype("f"), labels


def main() -> None:
    """Compare on a small and on a larger step."""
    rng = np.random.default_rng(0)
    small = Task("MLP", mlp, *rows_of(rng, 64 * 2000), 64)
    large = Task("convolutions", conv, *images_of(rng, 64 * 200), 64)
    with tempfile.TemporaryDirectory() as logs:
        hook_cost(small)
        once_cost(small)
        compare(small, logs)
        compare(large, logs)


if __name__ == "__main__":
    main()
