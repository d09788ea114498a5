"""Runs the demonstration's trainings one after the other and says what each one shows."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nanwatch.demo.quiet import quiet_stderr

if TYPE_CHECKING:
    from nanwatch.keras_callback import NanWatch


@dataclass(frozen=True)
class Act:
    """One training of the demonstration.

    Attributes:
        expected: the label of the first suspect that it has to show, or None for a healthy one.
    """

    title: str
    train: Callable[[], NanWatch]
    expected: str | None


def main() -> None:
    """Play every act; exit with 1 when one does not show what it should."""
    _print("Loading Keras and TensorFlow ...")
    with quiet_stderr():
        acts = _acts()
    shown = [_play(f"{number}/{len(acts)}", act) for number, act in enumerate(acts, 1)]
    sys.exit(0 if all(shown) else 1)


def _acts() -> list[Act]:
    import keras  # only here: the trainings and TensorFlow behind them take seconds to load

    from nanwatch.demo import diabetes, digits, penguins

    keras.ops.zeros(1)  # TensorFlow looks for a GPU at the first operation, and says so
    return [
        Act("Handwritten digits: a healthy training", digits.train, None),
        Act(
            "Palmer penguins: two birds were never measured",
            lambda: penguins.train(repaired=False),
            "nan_in_features",
        ),
        Act(
            "Palmer penguins with the fix: rows without measurements dropped",
            lambda: penguins.train(repaired=True),
            None,
        ),
        Act(
            "Diabetes in raw units: columns around 200 meet SGD at 0.01",
            lambda: diabetes.train(repaired=False),
            "unscaled_features",
        ),
        Act(
            "Diabetes with the fix: a normalising layer in front",
            lambda: diabetes.train(repaired=True),
            None,
        ),
    ]


def _play(number: str, act: Act) -> bool:
    _print(f"\n[{number}] {act.title}")
    began = time.monotonic()
    watch = act.train()
    label = watch.diagnoses[0].label if watch.diagnoses else None
    seconds = time.monotonic() - began
    verdict = f"diagnosis: {label}" if label else "healthy: nothing to report"
    _print(f"      {verdict} ({seconds:.1f} s)")
    return label == act.expected


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
