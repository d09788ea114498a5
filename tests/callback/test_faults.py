"""Whatever fails inside of nanwatch: no fit raises, and no weight is another."""

import random

import pytest

from fits import FIT, mlp, state_of, table
from nanwatch import (
    NanWatch,
    batching,
    local_monitor,
    reporter,
    sender,
    session,
    transport,
)
from nanwatch.spool import reader, segments, stream

PARTS = [
    (reporter, "time"),
    (reporter, "gather"),
    (reporter, "plain_event"),
    (reporter, "Redactor"),
    (reporter, "wrong_clock"),
    (sender, "time"),
    (sender, "Link"),
    (session, "time"),
    (session, "np"),
    (transport, "urllib3"),
    (transport, "msgspec"),
    (batching, "np"),
    (segments, "os"),
    (stream, "os"),
    (stream, "fcntl"),
    (reader, "salvage"),
    (local_monitor, "os"),
]


class Faulty:
    """Stands for a module, a class or a function, and fails now and then."""

    def __init__(self, real, draw):
        self._real, self._draw = real, draw

    def __call__(self, *args, **kwargs):
        if self._draw.random() < 0.3:
            raise self._draw.choice([OSError(5, "broken"), ValueError("broken"), MemoryError()])
        return self._real(*args, **kwargs)

    def __getattr__(self, name):
        found = getattr(self._real, name)
        made = isinstance(found, type) and issubclass(found, BaseException)
        return Faulty(found, self._draw) if callable(found) and not made else found


def trained(*callbacks):
    model = mlp()
    model.fit(*table(), epochs=3, callbacks=list(callbacks), **FIT)
    return state_of(model)


@pytest.mark.parametrize("seed", range(4))
def test_faults_of_our_own_at_random_moments_harm_no_training(home, server, monkeypatch, seed):
    alone, draw = trained(), random.Random(seed)  # noqa: S311 - no secret
    watch = NanWatch(server.url, verbose=0)
    for module, name in draw.sample(PARTS, 5):
        monkeypatch.setattr(module, name, Faulty(getattr(module, name), draw))
    assert trained(watch) == alone
