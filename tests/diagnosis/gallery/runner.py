"""Runs a program of the gallery and holds what nanwatch said against what is known."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from diagnosis.gallery.register import Program
from nanwatch import NanWatch

ALARMS = ("warning", "critical")


class Witness(keras.callbacks.Callback):
    """Dates the first number that is not finite, by Keras' loss and the weights; then stops."""

    def __init__(self) -> None:
        super().__init__()
        self.step = -1
        self.first_bad: int | None = None

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.step += 1
        weights = (np.asarray(v.value, "float64") for v in self.model.trainable_variables)
        numbers = [*(logs or {}).values(), *(w.sum() for w in weights)]
        if not np.all(np.isfinite(numbers)):
            self.first_bad = self.step
            self.model.stop_training = True


@dataclass(frozen=True)
class Outcome:
    """What came of a watched training."""

    diagnoses: Sequence[Any]
    seconds: float
    error: BaseException | None = None

    @property
    def alarms(self) -> list[Any]:
        """The diagnoses that accuse."""
        return [d for d in self.diagnoses if d.severity in ALARMS]


def train(program: Program, callbacks: list[Any], repaired: bool) -> BaseException | None:
    """Run a program from a fresh start; what `fit` raised."""
    keras.config.set_dtype_policy("float32")
    keras.config.set_floatx("float32")
    keras.backend.clear_session()
    keras.utils.set_random_seed(7)
    try:
        program.run(callbacks, repaired)
    except Exception as error:  # noqa: BLE001 - whatever a faulty program raises is its symptom
        return error
    finally:
        keras.config.set_dtype_policy("float32")
        keras.config.set_floatx("float32")
    return None


def watched(program: Program, *, repaired: bool = False) -> Outcome:
    """Run a program under nanwatch."""
    watch = NanWatch(mode="offline", verbose=0)
    begin = time.perf_counter()
    error = train(program, [watch], repaired)
    return Outcome(watch.diagnoses, time.perf_counter() - begin, error)


def first_bad_step(program: Program) -> int | None:
    """The step at which it goes wrong: by the program's word, else by an unwatched run."""
    if program.first_step is not None or not program.goes_nonfinite:
        return program.first_step
    witness = Witness()
    train(program, [witness], repaired=False)
    return witness.first_bad


def accusation(program: Program, outcome: Outcome) -> Any:
    """The diagnosis to judge: the first alarm of a known symptom, else the first alarm."""
    fitting = [d for d in outcome.alarms if d.symptom in program.symptoms]
    return next(iter(fitting or outcome.alarms), None)


def false_alarms(outcome: Outcome) -> list[str]:
    """What is wrong with the judgement of a program without a fault."""
    raised = [] if outcome.error is None else [f"fit raised {outcome.error!r}"]
    return raised + [f"accused of {d.symptom}: {labels_of(d)}" for d in outcome.alarms]


def mistakes(program: Program, outcome: Outcome, first_bad: int | None) -> list[str]:
    """What is wrong with the judgement of a faulty program, but for whether its fix was tried."""
    found = accusation(program, outcome)
    if found is None:
        return ["no alarm"]
    checks = [
        (found.symptom in program.symptoms, f"symptom {found.symptom}, not {program.symptoms}"),
        (labels_of(found)[:1] and labels_of(found)[0] in program.labels, f"{labels_of(found)}"),
        (first_bad in (None, found.first_step), f"step {found.first_step}, not {first_bad}"),
        (raised_as_known(program, outcome), f"fit raised {outcome.error!r}"),
    ]
    return [message for right, message in checks if not right] + misplaced(program, found)


def fix_proven(program: Program, outcome: Outcome) -> bool:
    """Whether a replay has proven the fix of the right cause."""
    found = accusation(program, outcome)
    causes = found.causes if found else ()
    return any(c.verified is True for c in causes if c.label in program.labels)


def misplaced(program: Program, found: Any) -> list[str]:
    """Where the place of the first cause is not what is known."""
    said = found.causes[0].where if found.causes else {}
    known = {key: plain(value) for key, value in program.where.items()}
    return [
        f"{key} {plain(said.get(key))}, not {value}"
        for key, value in known.items()
        if plain(said.get(key)) != value
    ]


def raised_as_known(program: Program, outcome: Outcome) -> bool:
    """Whether `fit` raised what the program raises by itself, or nothing."""
    if program.raises is None:
        return outcome.error is None
    return isinstance(outcome.error, program.raises)


def labels_of(diagnosis: Any) -> list[str]:
    """The labels of a diagnosis, likeliest first."""
    return [cause.label for cause in diagnosis.causes]


def plain(value: Any) -> Any:
    """A place in a form that compares: sequences as lists of numbers."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return [int(item) for item in value]
    return value
