"""`start_run`: the same watching for loops that don't use Keras' fit."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from nanwatch import terminal
from nanwatch.events import (
    MAX_STEP,
    Diagnosed,
    Diagnosis,
    EndState,
    RunStarted,
)
from nanwatch.log_watch import LogWatch, block, is_finite
from nanwatch.names import checked_id, random_id
from nanwatch.plain import series_name, text, words_of
from nanwatch.reporter import Reporter
from nanwatch.settings import ClientSettings
from nanwatch.watcher import Watcher

PREFIXES = ("batch/", "epoch/")


def start_run(
    server: str | None = None,
    *,
    project: str | None = None,
    run: str | None = None,
    tags: Iterable[str] = (),
    config: Mapping[str, Any] | None = None,
    mode: str | None = None,
    verbose: int = 1,
    resume: str | None = None,
) -> Run:
    """Begin a run that is logged by hand.

        with nanwatch.start_run(project="digits", config={"rate": 0.01}) as run:
            for step, batch in enumerate(batches):
                run.log({"loss": train(batch)}, step=step)

    Args:
        server: URL of a server; None: $NANWATCH_SERVER, else the local monitor.
        project: None: $NANWATCH_PROJECT, else "default".
        run: the run's name; None: a readable one is made.
        tags: words to find the run by.
        config: what the run was set up with.
        mode: "online", "offline" (keep on disk for `nanwatch sync`) or "disabled" (do nothing);
            None: $NANWATCH_MODE, else "online".
        verbose: 0 keeps the terminal quiet.
        resume: the id of a run that was cut off, to go on with it from a checkpoint. Steps that
            are logged again count instead of those that were there.

    Raises:
        ValueError: an argument or an environment variable that makes no sense, and how to mend it.
    """
    resumed = None if resume is None else checked_id(resume)
    settings = ClientSettings.resolve(server, project, run or resume, tags, config, mode)
    return Run(settings, verbose, resumed)


class Run:
    """A run in progress; made by `start_run`, ended by `finish` or by leaving its `with` block.

    Args:
        resumed: the id of the run that it goes on with, or None.

    Attributes:
        id: the run's id.
        diagnoses: what was found so far, in the order in which the symptoms appeared.
    """

    def __init__(self, settings: ClientSettings, verbose: int, resumed: str | None = None) -> None:
        self.id = resumed or random_id()
        self.diagnoses: list[Diagnosis] = []
        self._say: Callable[[str], None] = terminal.say if verbose else terminal.say_nothing
        self._next_step = 0
        self._over = False
        self._reporter: Reporter | None = None
        self._watch: LogWatch | None = None
        self._names: dict[object, str] = {}
        if settings.mode != "disabled":
            self._begin(settings, resumed is not None)

    @property
    def url(self) -> str | None:
        """The run's page, or None while no server is known."""
        return self._reporter.url if self._reporter else None

    def log(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Log one value of each key at a step; keys become `batch/<key>`.

        Args:
            values: numbers, or scalars of NumPy, JAX, torch or TensorFlow.
            step: 0-based; None: one after the last.

        Raises:
            ValueError: a value is no number, or the step is none.
            RuntimeError: the run is over.
        """
        if self._over:
            raise RuntimeError("this run is over; begin another one with nanwatch.start_run()")
        at = self._next_step if step is None else _checked_step(step)
        numbers = {self._series(key): _number(key, value) for key, value in values.items()}
        self._next_step = at + 1
        if numbers and self._reporter is not None:
            self._report(self._reporter, at, numbers)

    def finish(self, state: EndState = "finished", reason: str = "") -> None:
        """End the run; waits at most 2 s for the server, what is left stays on disk."""
        if self._over:
            return
        self._over = True
        if self._reporter is not None:
            self._judge(self._reporter, LogWatch.catch_up)
            self._reporter.finish(state, reason)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None or (isinstance(error, SystemExit) and not error.code):
            self.finish()
        elif isinstance(error, KeyboardInterrupt):
            self.finish("interrupted", "KeyboardInterrupt")
        else:
            self.finish("failed", text(f"{type(error).__name__}: {words_of(error)}"))

    def _begin(self, settings: ClientSettings, resumes: bool) -> None:
        started = RunStarted(
            settings.run,
            settings.project,
            settings.tags,
            settings.config,
            started_at=time.time(),
            resumes=resumes,
        )
        watcher = Watcher()
        watcher.feed(started)
        self._watch = LogWatch(watcher)
        self._reporter = Reporter(settings, started, self.id, self._say)
        self._reporter.start()

    def _report(self, reporter: Reporter, step: int, numbers: dict[str, float]) -> None:
        if not all(name.startswith("epoch/") for name in numbers):
            reporter.advanced(step)
        if is_finite(numbers):
            reporter.log_waiting(tuple(numbers), step, tuple(numbers.values()))
        else:
            reporter.send_now(block([(step, numbers)]))
        self._judge(reporter, lambda watch: watch.look(step, numbers))

    def _judge(self, reporter: Reporter, look: Callable[[LogWatch], list[Diagnosis]]) -> None:
        try:
            found = look(self._watch) if self._watch else []
        except Exception as error:  # noqa: BLE001 - a door: a fault in judging is no fault in training
            self._watch, found = None, []
            self._say(f"nanwatch: watching stopped ({type(error).__name__}: {error})")
        for diagnosis in found:
            self.diagnoses.append(diagnosis)
            reporter.send_now(Diagnosed(diagnosis))
            reporter.say(terminal.render(diagnosis))

    def _series(self, key: object) -> str:
        if key not in self._names:
            self._names[key] = _series(key)
        return self._names[key]


def _series(key: object) -> str:
    name = str(key) if str(key).startswith(PREFIXES) else f"batch/{key}"
    if not isinstance(key, str) or not key or series_name(name) != name:
        raise ValueError(
            f"{str(key)[:40]!r} cannot name a series: it must be text without control characters, "
            f"at most 250 bytes long"
        )
    return name


def _number(key: str, value: Any) -> float:
    """The value as a float; scalars of every framework know how to become one."""
    if not isinstance(value, str | bytes) and getattr(value, "shape", ()) == ():
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            pass
    raise ValueError(
        f"{key!r} must be a number or a scalar, not {type(value).__name__} {_shape(value)}"
        f"({str(value)[:40]!r}); log text as config, and reduce an array first, say by its mean"
    )


def _shape(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return f"of shape {tuple(shape)} " if shape else ""


def _checked_step(step: Any) -> int:
    try:
        at = operator.index(step)
    except TypeError:
        at = -1
    if isinstance(step, bool) or not 0 <= at <= MAX_STEP:
        raise ValueError(f"step={step!r} must be a whole number from 0 to 2^53 - 1")
    return at
