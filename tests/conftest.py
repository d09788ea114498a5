"""What the tests of several rooms share: databases and real servers."""

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

from nanwatch_monitor.store import Store
from postgres import Cluster, find_programs
from servers import ServerProcess, ServerThread
from unhurried import unhurried
from web.browser import axe, browser, page, server

__all__ = ["axe", "browser", "page", "server", "unhurried"]

# How long an example takes says what else the machine does, and nothing of the code.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@pytest.fixture(autouse=True, scope="module")
def _light_heap():
    """What a module's trainings leave behind is not searched for garbage again.

    A worker that has traced thousands of graphs would spend most of its time on that.
    """
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL of this session's own."""
    programs = find_programs()
    if programs is None:
        reason = "no PostgreSQL here: install the package `postgresql`"
        pytest.fail(reason) if os.environ.get("REQUIRE_POSTGRES") else pytest.skip(reason)
    cluster = Cluster(programs)
    yield cluster
    cluster.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """An empty database of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    return request.getfixturevalue("postgres").new_database()


@pytest.fixture
def start_server(tmp_path):
    """Starts servers in threads, with settings of the test's choice; they end with the test."""
    running = []

    def start(**settings):
        running.append(ServerThread(tmp_path, **settings).start())
        return running[-1]

    yield start
    for started in running:
        started.stop()


@pytest.fixture
def live_server(start_server):
    """A server in a thread, with its default settings."""
    return start_server()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_server(request, start_server):
    """A server in a thread, on each kind of database in turn."""
    if request.param == "sqlite":
        return start_server()
    cluster = request.getfixturevalue("postgres")
    return start_server(database_url=cluster.emptied_database(prepare_database))


def prepare_database(url):
    Store.open(url).close()


@pytest.fixture
def server_process(tmp_path):
    """Makes servers that run as processes; those that were started end with the test."""
    made = []

    def make(*arguments, **more):
        made.append(ServerProcess(tmp_path, *arguments, **more))
        return made[-1]

    yield make
    for process in made:
        process.stop()
