"""`NanWatch`, the Keras callback: thin hooks around one session a fit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nanwatch import terminal
from nanwatch.diagnosis.preflight import remaining
from nanwatch.events import Diagnosis
from nanwatch.names import checked_id
from nanwatch.options import LogFreq, Options
from nanwatch.recorder.memory import BUDGET_MIB
from nanwatch.settings import ClientSettings

if TYPE_CHECKING:
    from nanwatch.session import Session


class NanWatch:
    """Watches a training live and says why its loss went wrong.

        model.fit(x, y, callbacks=[NanWatch()])

    Each fit is a run of its own, or goes on with one that was cut off (`resume`). Whatever goes
    wrong in here costs the watching at worst, never the training.

    Args:
        server: URL of a server; None: $NANWATCH_SERVER, else the local monitor is found or
            started in the background.
        project: None: $NANWATCH_PROJECT, else "default".
        run: the run's name; None: a readable one is made.
        tags: words to find the run by.
        config: what the run was set up with, plain values.
        log_freq: log points of every "batch", only of every "epoch", or of every n-th batch.
        on_nonfinite: at a NaN or infinite loss or gradient: "stop" the fit with healthy weights,
            "skip" the update, "rollback" to the last healthy state with half the rate, or just
            "record".
        probes: "full"; "light": no replays of fixes; "off": only what Keras logs.
        mode: "online", "offline" (keep on disk for `nanwatch sync`) or "disabled" (do nothing);
            None: $NANWATCH_MODE, else "online".
        verbose: 0 keeps the terminal quiet.
        memory_mib: how much memory the last batches, copies of the model's state for replays and
            the failing step may take together.
        resume: the id of a run that was cut off; the next fit goes on with it, from the step at
            which the checkpoint that you load stands. Pass fit its `initial_epoch`. Steps that
            are made again count instead of those that were there.

    Raises:
        ValueError: an argument or an environment variable that makes no sense, and how to mend it.

    Attributes:
        diagnoses: what was found, in the order in which the symptoms appeared; complete when fit
            returns or raises.
        run_id: the id of the last fit's run, None before the first.
    """

    model: Any
    params: Mapping[str, Any] | None

    def __new__(cls, *_: Any, **__: Any) -> NanWatch:
        """An instance that is a Keras callback, though importing this class imports no Keras.

        Importing Keras settles its backend. A script may still want to choose one after it has
        imported nanwatch, so that waits until a callback is made.
        """
        made: NanWatch = object.__new__(_as_keras_callback(cls))
        return made

    def __init__(
        self,
        server: str | None = None,
        *,
        project: str | None = None,
        run: str | None = None,
        tags: Iterable[str] = (),
        config: Mapping[str, Any] | None = None,
        log_freq: LogFreq = "batch",
        on_nonfinite: str = "stop",
        probes: str = "full",
        mode: str | None = None,
        verbose: int = 1,
        memory_mib: float = BUDGET_MIB,
        resume: str | None = None,
    ) -> None:
        super().__init__()
        self.options = Options.resolve(log_freq, on_nonfinite, probes, verbose, memory_mib)
        self._resume = None if resume is None else checked_id(resume)

        def settings(resumed: str | None) -> ClientSettings:
            return ClientSettings.resolve(server, project, run or resumed, tags, config, mode)

        self._settings = settings
        self._enabled = settings(None).mode != "disabled"
        self._session: Session | None = None

    @property
    def url(self) -> str | None:
        """The page of the last fit's run, or None while no server is known."""
        return self._session.url if self._session else None

    @property
    def run_id(self) -> str | None:
        """The id of the last fit's run, or None before the first."""
        return self._session.run_id if self._session else None

    @property
    def diagnoses(self) -> list[Diagnosis]:
        """What was found in the last fit; what was only foreseen, as "info", comes last."""
        if self._session is None:
            return []
        return remaining(self._session.diagnoses, self._session.foreseen)

    def save_bundle(self, path: str | os.PathLike[str]) -> Path:
        """Write what repeats the failing step of the last fit elsewhere into one file, a zip.

            watch.save_bundle("failure.nanwatch.zip")

        It holds the batches of your data, and the model with its weights, optimizer and seeds
        before the step. Nothing is ever written without this call. `nanwatch show FILE` lists
        what is inside, and `nanwatch.load_bundle(FILE)` opens it. What it takes is held from the
        failure until the next fit begins.

        Returns:
            The path, readable by this user only.

        Raises:
            nanwatch.BundleError: there is nothing to save, and why.
            OSError: the file cannot be written.
        """
        from nanwatch.bundle.errors import BundleError

        if self._session is None:
            why = "no fit was watched yet" if self._enabled else "nanwatch is disabled"
            raise BundleError(f"{why}: a bundle is written after a step of a watched fit failed")
        from nanwatch.bundle.writer import write  # only now: it imports Keras

        return write(self._session.keeper.failure, path)

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002 - Keras' signature
        """Begin a run."""
        if self._enabled:
            self._guarded(self._begin)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - Keras' signature
        """Tell the session."""
        self._tell(lambda session: session.epoch_begins(epoch))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Hand over the epoch's means, those of the validation included."""
        self._tell(lambda session: session.epoch_ends(epoch, logs or {}))

    def on_test_begin(self, logs: Any = None) -> None:  # noqa: ARG002 - Keras' signature
        """Watch the validation that begins."""
        self._tell(lambda session: session.validation_begins())

    def on_test_end(self, logs: Any = None) -> None:  # noqa: ARG002 - Keras' signature
        """The validation has ended."""
        self._tell(lambda session: session.validation_ends())

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002 - Keras' signature
        """End the run."""
        self._tell(lambda session: session.finish("finished"))

    def _begin(self) -> None:
        from nanwatch.session import Session  # only now: it imports Keras

        if self._session is not None:
            self._session.finish("interrupted", "the fit did not end")
        params = self.params or {}  # None in a loop of the user's own
        resumed, self._resume = self._resume, None  # once: each further fit is a run of its own
        settings = self._settings(resumed)
        self._session = Session(self.model, params, settings, self.options, resumed)

    def _tell(self, word: Callable[[Session], None]) -> None:
        session = self._session
        if session is not None and not session.over:
            self._guarded(lambda: word(session))

    def _guarded(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001 - a door: watching must never harm the training
            if self.options.verbose:
                terminal.say(f"nanwatch: watching failed ({type(error).__name__}: {error})")


_MADE: dict[type[NanWatch], type[NanWatch]] = {}


def _as_keras_callback(cls: type[NanWatch]) -> type[NanWatch]:
    """`cls` itself when it is a Keras callback already, else a subclass that is one."""
    import keras  # only now: see NanWatch.__new__

    if issubclass(cls, keras.callbacks.Callback):
        return cls
    if cls not in _MADE:
        _MADE[cls] = type(cls.__name__, (cls, keras.callbacks.Callback), {"__doc__": cls.__doc__})
    return _MADE[cls]
