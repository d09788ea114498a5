"""One watched fit: what the recorder sees goes to the watcher and the reporter.

At a symptom the examiner looks at the failing step, the diagnosis is printed, kept and sent, and
the training is stopped, goes on or goes back, as its user wished.
"""

from __future__ import annotations

import sys
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nanwatch import terminal
from nanwatch.bundle.keeper import Keeper
from nanwatch.describe import describe_data, describe_run, has_own_step
from nanwatch.detectors import Signal
from nanwatch.events import (
    Diagnosed,
    Diagnosis,
    EndState,
    Evidence,
    FactsLearned,
    Points,
    RunStarted,
)
from nanwatch.examination import Examination
from nanwatch.names import random_id
from nanwatch.options import Options
from nanwatch.places import Places
from nanwatch.plain import error_text, plain, series_name
from nanwatch.reaction import Reaction
from nanwatch.recorder.install import AnyRecorder, install
from nanwatch.recorder.logs import scalars_of
from nanwatch.recorder.seen import Step
from nanwatch.recorder.source import fit_source
from nanwatch.recorder.standin import FitLeftError
from nanwatch.reporter import Reporter
from nanwatch.resuming import next_step
from nanwatch.rounds import PAUSE
from nanwatch.settings import ClientSettings
from nanwatch.step_watch import StepWatch
from nanwatch.watcher import SPIKE, Watcher
from nanwatch.witness import Witness


class Session:
    """Watches one fit of one model from begin to end; `resumed` is the run that it goes on with.

    Attributes:
        diagnoses: in the order in which the symptoms appeared.
        foreseen: what may go wrong by the first batch's word, no alarm.
        keeper: holds the failing step.
        witness: sees the data, the validations and what was raised.
        over: whether the end of the run was told.
    """

    def __init__(
        self,
        model: Any,
        params: Mapping[str, Any],
        settings: ClientSettings,
        options: Options,
        resumed: str | None = None,
    ) -> None:
        self.model = model
        self.diagnoses: list[Diagnosis] = []
        self.foreseen: list[Diagnosis] = []
        self.over = False
        self.run_id = resumed or random_id()
        self._params, self._resumes = params, resumed is not None
        self._options = options
        self._say = terminal.say if options.verbose else terminal.say_nothing
        self._watcher = Watcher()
        self._places = Places()
        self._lookout = StepWatch(self._watcher)
        self._last: Step | None = None
        self._source = fit_source(model)
        started = self._started(settings)
        self._watcher.feed(started)
        self._reporter = Reporter(settings, started, self.run_id, self._say)
        recorder = self._recorder = self._installed()
        self._examination = Examination(recorder, self._source, options, self._watcher, self._say)
        self.keeper = Keeper(self._recorder, options.guard)
        self._reaction = Reaction(model, self._recorder, options.on_nonfinite, self._say)
        self.witness = Witness(model, self._source, self._recorder, self._watcher)
        self._leaving = self._notice_leaving()
        self._reporter.start()

    @property
    def url(self) -> str | None:
        """The run's page, or None while no server is known."""
        return self._reporter.url

    def epoch_begins(self, epoch: int) -> None:
        """Keras begins an epoch."""
        if self._resumes and self._last is None:  # all callbacks have loaded their checkpoints
            self._recorder.go_on(next_step(self.model, self._params, epoch))
        self._places.epoch_begins(self._recorder.step, epoch)
        self._recorder.epoch_begins()

    def epoch_ends(self, epoch: int, logs: Mapping[str, Any]) -> None:
        """Keras ends an epoch and tells its means, those of the validation included."""
        self._catch_up()
        scalars = scalars_of(logs)
        if hidden := self.witness.judge_validation(scalars.get("val_loss", 0.0)):
            self._diagnosed(self._places.placed(hidden))
        values = {series_name(f"epoch/{key}"): value for key, value in scalars.items()}
        values["epoch/last_step"] = float(self._recorder.step - 1)
        for diagnosis in self._watcher.feed(_points(epoch, values)):
            self._diagnosed(diagnosis)
        self._reporter.log(tuple(values), epoch, tuple(values.values()))

    def validation_begins(self) -> None:
        """Keras begins a validation: no step comes until it ends."""
        self._reporter.excuse(True)
        self.witness.validation_begins()

    def validation_ends(self) -> None:
        """Keras has ended a validation."""
        self._reporter.excuse(False)
        self.witness.validation_ends()

    def on_step(self, step: Step) -> None:
        """The recorder saw a step. Never raises: it is called from within the user's fit."""
        try:
            self._watch(step)
        except Exception as error:  # noqa: BLE001 - a door: watching must never harm the training
            self._give_up(error)

    def on_error(self, index: int, batch: Any, error: BaseException) -> None:
        """The step or the input pipeline raised: say so, and let it go on its way."""
        try:
            self._report_error(index, batch, error)
        except Exception as own:  # noqa: BLE001 - a door: the user's error must arrive, not ours
            self._give_up(own)

    def _watch(self, step: Step) -> None:
        if self._last is None:
            self._learn_data(step)
        self._last = step
        self._reporter.advanced(step.index)
        if step.details:
            self._watcher.learn_details(step.details)
        signals = self._lookout.look(step)
        if signals or not step.finite:
            self._reporter.send_now(_points(step.index, {**step.details, **step.points}))
        elif self._options.logs(step.index):
            self._reporter.log(step.names, step.index, step.values)
            if step.details:
                details = tuple(step.details.values())
                self._reporter.log(tuple(step.details), step.index, details)
        try:
            for signal in signals:
                self._examine(signal, step)
        finally:  # the user's wish counts, whether or not a cause was found
            if not (step.finite and step.update_finite):
                self._reaction.react()
        if step.index % PAUSE == PAUSE - 1:
            self._review(self._examination.of_going_run)

    def _catch_up(self) -> None:
        """Judge the steps that still wait for others."""
        for signal in self._lookout.catch_up():
            if self._last is not None:
                self._examine(signal, self._last)

    def _report_error(self, index: int, batch: Any, error: BaseException) -> None:
        if isinstance(error, KeyboardInterrupt):
            self._review(self._examination.of_interrupted_run)
            self.finish("interrupted", "KeyboardInterrupt")
            return
        if isinstance(error, FitLeftError):
            self._left()
            return
        self._catch_up()
        self.witness.see_error(error, batch is not None)
        if self.witness.validating:  # its batches count from 0; no training step failed
            index, batch = max(0, self._recorder.step - 1), None
        text = error_text(error)
        signal = Signal("exception", "critical", "batch/loss", index, text)
        self._examine(signal, Step(index, batch, (), [], finite=False))
        self.finish("failed", text)

    def finish(self, state: EndState, reason: str = "") -> None:
        """End the run and leave the model as it was. Does nothing the second time."""
        if self.over:
            return
        self.over = True
        try:
            if state == "finished":
                self._review(lambda last: self._examination.of_run(last, self.foreseen))
        finally:
            self._end(state, reason)

    def _end(self, state: EndState, reason: str) -> None:
        self._leaving()
        self._recorder.uninstall()
        self._last = None  # it holds a batch
        self._source.let_go()
        self._reaction.sum_up()
        if notes := self._recorder.notes:
            self._reporter.send(FactsLearned({"notes": list(notes)}))
        self._reporter.finish(state, reason or self._reaction.reason)

    def _notice_leaving(self) -> Callable[[], Any]:
        """Notice when fit is left without a word: an exception elsewhere, Ctrl-C, the exit.

        Keras calls no hook then, but an object of fit's own frame dies with it.

        Returns:
            What calls the notice off.
        """
        anchor = self._source.anchor() if self._source.anchor else None
        if anchor is None:
            return lambda: None
        return weakref.finalize(anchor, self._left).detach

    def _left(self) -> None:
        error = getattr(sys, "last_value", None)  # what ends the process, if something does
        if isinstance(error, KeyboardInterrupt):
            self.finish("interrupted", "KeyboardInterrupt")
        elif error is not None:
            self.finish("failed", error_text(error))
        else:
            self.finish("failed", "an exception left the fit")

    def _give_up(self, error: BaseException) -> None:
        self._say(f"nanwatch: watching stopped ({type(error).__name__}: {error}); training goes on")
        self._recorder.uninstall()

    def _installed(self) -> AnyRecorder:
        options = self._options
        return install(
            self.model,
            options.probes,
            options.on_nonfinite,
            self.on_step,
            self.on_error,
            options.every,
            options.memory,
        )

    def _started(self, settings: ClientSettings) -> RunStarted:
        facts = plain(describe_run(self.model, self._params))
        facts["on_nonfinite"] = self._options.on_nonfinite
        facts["probes"] = self._options.probes
        facts["own_step"] = has_own_step(self.model)
        who = (settings.run, settings.project, settings.tags, settings.config)
        return RunStarted(*who, facts, time.time(), self._resumes)

    def _learn_data(self, step: Step) -> None:
        if step.batch is None:
            return
        seen = self.witness.see_data(step.batch) if self._options.probes == "full" else {}
        facts = FactsLearned(plain({**describe_data(self.model, step.batch), **seen}))
        self._watcher.feed(facts)
        self._reporter.send(facts)
        if step.finite:  # else the step itself tells what is wrong
            self.foreseen = list(self._examination.of_beginning(step))
        for found in self.foreseen:
            self._reporter.send(Diagnosed(found))
            self._say(terminal.note(found))

    def _examine(self, signal: Signal, step: Step) -> None:
        if signal.symptom == SPIKE:
            case = self.witness.see_spike(signal)
            if case and (spike := self._examination.of_spike(case, step)):
                self._diagnosed(self._places.placed(spike))
            return
        found, seen = self._examination.of_failure(signal, step)
        diagnosis = self._places.placed(found)
        self._diagnosed(diagnosis, seen)
        if self.keeper.keep(diagnosis, step) and not any(c.verified for c in diagnosis.causes):
            self._say(terminal.BUNDLE_HINT)

    def _review(self, examine: Callable[[Step], Diagnosis | None]) -> None:
        """Judge the run as a whole: it may have stayed finite and still have learnt nothing."""
        if self._last is None or self._told:
            return
        self._catch_up()
        if (found := examine(self._last)) is not None:
            self._diagnosed(self._places.placed(found))

    @property
    def _told(self) -> bool:
        return any(diagnosis.severity != "info" for diagnosis in self.diagnoses)

    def _diagnosed(self, diagnosis: Diagnosis, seen: Sequence[Evidence] = ()) -> None:
        self.diagnoses.append(diagnosis)
        self._reporter.send_now(Diagnosed(diagnosis))
        self._say(terminal.render(diagnosis, seen))


def _points(step: int, values: Mapping[str, float]) -> Points:
    return Points(np.array([step]), {name: np.array([value]) for name, value in values.items()})
