"""Diagnosis: a case in, ranked causes out. One cause a file under `causes`, found by itself.

A new cause is a new file with a `PAGE`; nothing else has to be touched.
"""

from __future__ import annotations

import importlib
import pkgutil

from nanwatch.diagnosis import causes, ranking
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage
from nanwatch.events import Diagnosis


def _load() -> dict[str, CausePage]:
    names = sorted(module.name for module in pkgutil.iter_modules(causes.__path__))
    modules = [importlib.import_module(f"{causes.__name__}.{name}") for name in names]
    pages: list[CausePage] = [module.PAGE for module in modules]
    return {page.label: page for page in pages}


CAUSES: dict[str, CausePage] = _load()
"""Every cause by its label."""


def diagnose(case: Case) -> Diagnosis:
    """All suspects worth saying for a case, the likeliest first."""
    return ranking.diagnose(case, tuple(CAUSES.values()))


def remedies(case: Case) -> list[str]:
    """The names of the remedies worth a replay, that of the likeliest suspect first."""
    return ranking.remedies(case, tuple(CAUSES.values()))
