"""What a program of the gallery is, and the register of them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Callbacks = list[Any]


@dataclass(frozen=True)
class Program:
    """A training and what is known of it beforehand.

    `run(callbacks, repaired)` trains; repaired, the fault is mended. `cause` is None in a healthy
    program. `also` holds labels that name the same fault as rightly. `first_step` is known where
    the program itself puts the fault at a step; a `nan_loss` without one is dated by an unwatched
    run. `where` holds what a diagnosis must say of rows, samples, layer, ...
    """

    name: str
    family: str
    run: Callable[[Callbacks, bool], object]
    cause: str | None
    symptoms: tuple[str, ...] = ()
    first_step: int | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    raises: type[BaseException] | None = None
    also: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that are right."""
        return () if self.cause is None else (self.cause, *self.also)

    @property
    def goes_nonfinite(self) -> bool:
        """Whether training itself meets a number that is not finite."""
        return "nan_loss" in self.symptoms


PROGRAMS: dict[str, Program] = {}


def faulty(
    cause: str,
    *symptoms: str,
    first_step: int | None = None,
    where: Mapping[str, Any] | None = None,
    raises: type[BaseException] | None = None,
    also: Sequence[str] = (),
) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Register a program with a fault, `function(callbacks, repaired)`."""

    def register(function: Callable[..., object]) -> Callable[..., object]:
        add(function, function, cause, symptoms, first_step, where or {}, raises, tuple(also))
        return function

    return register


def healthy(function: Callable[..., object]) -> Callable[..., object]:
    """Register a program without a fault, `function(callbacks)`."""
    add(function, lambda callbacks, _: function(callbacks), None)
    return function


def add(function: Callable[..., object], run: Callable[..., object], *known: Any) -> None:
    """Put a program under its function's name; the family is the module's."""
    name, family = function.__name__, function.__module__.rpartition(".")[2]
    if name in PROGRAMS:
        raise ValueError(f"two programs are called {name}")
    PROGRAMS[name] = Program(name, family, run, *known)
