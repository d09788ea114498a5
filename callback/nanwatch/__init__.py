"""nanwatch watches a Keras training live and says why its loss went wrong.

    from nanwatch import NanWatch
    model.fit(x, y, callbacks=[NanWatch()])

Importing this package imports neither Keras nor a backend: a script may still choose
`KERAS_BACKEND` afterwards, and the server can speak the vocabulary without them.
"""

from nanwatch._version import __version__
from nanwatch.keras_callback import NanWatch
from nanwatch.run import start_run

__all__ = ["NanWatch", "__version__", "start_run"]
