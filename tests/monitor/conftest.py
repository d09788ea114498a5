"""What the tests of the server share: a store on each kind of database, and a clock to turn."""

import pytest

from nanwatch_monitor.store import Store


@pytest.fixture
def store(database_url):
    opened = Store.open(database_url, channels=("env-webhook",))
    yield opened
    opened.close()


class Clock:
    """Stands still until it is turned."""

    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock(1_700_000_000.0)
