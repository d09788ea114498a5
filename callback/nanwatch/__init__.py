"""nanwatch watches a Keras training live and says why its loss went wrong.

    from nanwatch import NanWatch
    model.fit(x, y, callbacks=[NanWatch()])

Importing this package imports neither Keras nor a backend: a script may still choose
`KERAS_BACKEND` afterwards, and the server can speak the vocabulary without them. What it exports
is loaded at first use, so that `nanwatch --help` does not wait for it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from nanwatch._version import __version__

if TYPE_CHECKING:
    from nanwatch.bundle.errors import BundleError
    from nanwatch.bundle.reader import Bundle, load_bundle
    from nanwatch.checking import check
    from nanwatch.keras_callback import NanWatch
    from nanwatch.run import start_run

__all__ = ["Bundle", "BundleError", "NanWatch", "__version__", "check", "load_bundle", "start_run"]

_HOMES = {
    "Bundle": "nanwatch.bundle.reader",
    "BundleError": "nanwatch.bundle.errors",
    "NanWatch": "nanwatch.keras_callback",
    "check": "nanwatch.checking",
    "load_bundle": "nanwatch.bundle.reader",
    "start_run": "nanwatch.run",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
