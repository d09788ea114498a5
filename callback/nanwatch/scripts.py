"""Runs a user's training script with every `fit` replaced by a check.

The script runs as `python SCRIPT` would run it: as `__main__`, with its own arguments and its own
folder first on the path. Keras is not imported before the script does it, because the script may
choose a backend first.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import inspect
import runpy
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from nanwatch.events import Diagnosis
from nanwatch.recorder.patching import patched

CHECKED = ("x", "y", "sample_weight", "class_weight")


@dataclass(frozen=True)
class CheckedFit:
    """One call of `fit` that was checked in place of being run.

    Attributes:
        place: "train.py:12", the user's line that called it.
        diagnoses: what was found; None where the check itself failed.
        problem: why it failed.
    """

    place: str
    model: str
    diagnoses: tuple[Diagnosis, ...] | None
    problem: str = ""


@dataclass
class Report:
    """What came of a script.

    Attributes:
        error: what the script raised, None when it came to its end.
    """

    fits: list[CheckedFit] = field(default_factory=list)
    error: BaseException | None = None


def check_script(path: Path, arguments: Sequence[str] = ()) -> Report:
    """Run a script, checking its fits; what it raises is in the report, but for Ctrl-C."""
    report = Report()
    with _as_main(path, arguments), _fits_replaced(report):
        try:
            runpy.run_path(str(path), run_name="__main__")
        except SystemExit as leaving:
            if leaving.code not in (None, 0):
                report.error = leaving
        except Exception as error:  # noqa: BLE001 - a door: whatever the script raises is told
            report.error = error
    return report


@contextlib.contextmanager
def _as_main(path: Path, arguments: Sequence[str]) -> Iterator[None]:
    """A block in which arguments and path are those of `python SCRIPT`."""
    argv, first = sys.argv, sys.path[0]
    sys.argv = [str(path), *arguments]
    sys.path[0] = str(path.resolve().parent)
    try:
        yield
    finally:
        sys.argv, sys.path[0] = argv, first


@contextlib.contextmanager
def _fits_replaced(report: Report) -> Iterator[None]:
    """A block in which `fit` of every Keras model checks, from the import of Keras on."""
    with contextlib.ExitStack() as undo:

        def replace_fit(keras: ModuleType) -> None:
            undo.enter_context(patched([(keras.Model, "fit", lambda fit: _checking(fit, report))]))

        if "keras" in sys.modules:
            replace_fit(sys.modules["keras"])
        else:
            finder = _AfterImport("keras", replace_fit)
            sys.meta_path.insert(0, finder)
            undo.callback(finder.leave)
        yield


def _checking(fit: Any, report: Report) -> Any:
    """What stands in for `fit`: it checks, trains nothing and returns an empty history."""
    signature = inspect.signature(fit)

    def check_instead(model: Any, *args: Any, **kwargs: Any) -> Any:
        from keras.callbacks import History

        given = signature.bind(model, *args, **kwargs).arguments
        wanted = {name: given[name] for name in CHECKED if name in given}
        report.fits.append(_checked(model, wanted, _caller(sys._getframe(1))))
        history = History()
        history.set_model(model)
        history.on_train_begin()
        model.history = history
        return history

    return check_instead


def _checked(model: Any, data: dict[str, Any], place: str) -> CheckedFit:
    from nanwatch.checking import check

    try:
        return CheckedFit(place, str(model.name), tuple(check(model, **data)))
    except Exception as error:  # noqa: BLE001 - a door: the script goes on to its next fit
        return CheckedFit(place, str(model.name), None, f"{type(error).__name__}: {error}")


def _caller(frame: FrameType | None) -> str:
    """The nearest line that is not of a library's."""
    while frame is not None and "site-packages" in frame.f_code.co_filename:
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}" if frame else "?"


class _AfterImport(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Calls `then` with one module right after its import."""

    def __init__(self, name: str, then: Any) -> None:
        self._name = name
        self._then = then
        self._loader: Any = None

    def find_spec(
        self, fullname: str, path: Any = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module's own spec, loaded through this one."""
        if fullname != self._name:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None:
            self._loader, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> Any:
        """As the module's own loader does."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module, then say so."""
        self._loader.exec_module(module)
        self.leave()
        self._then(module)

    def leave(self) -> None:
        """Look out no more."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
