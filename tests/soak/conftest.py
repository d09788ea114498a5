"""The long tests, for `make soak`; `make test` leaves them out. They tell what they measured."""

from pathlib import Path

import pytest

from callback.conftest import home, server

__all__ = ["home", "server"]

HERE = Path(__file__).parent
FIGURES = pytest.StashKey[list[str]]()


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.soak)
            item.add_marker(pytest.mark.timeout(4 * 3600))


@pytest.fixture
def measured(request):
    """Takes a line of figures for the summary."""
    lines = request.config.stash.setdefault(FIGURES, [])
    return lambda words: lines.append(f"{request.node.name}: {words}")


def pytest_terminal_summary(terminalreporter, config):
    if lines := config.stash.get(FIGURES, []):
        terminalreporter.section("measured")
        for line in lines:
            terminalreporter.write_line(line)
