"""One monitor a database file: the lock, and finding out who has the port."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from nanwatch_monitor.errors import SetupError


class AlreadyRunningError(SetupError):
    """Another process holds the lock."""


@contextmanager
def sole_monitor(lock_file: Path) -> Iterator[None]:
    """Hold the lock; the system lets go of it when the process ends, however it ends.

    Raises:
        AlreadyRunningError: another process holds it.
        SetupError: the file cannot be made.
    """
    fd = _opened(lock_file)
    try:
        _lock(fd, lock_file)
        yield
    finally:
        os.close(fd)


def who_answers(url: str) -> dict[str, Any] | None:
    """What /healthz of a nanwatch says, or None when nobody or somebody else answers."""
    try:
        with urllib3.PoolManager(retries=False, timeout=2.0) as pool:
            answer = pool.request("GET", f"{url}/healthz", redirect=False, preload_content=False)
            found = json.loads(answer.read(65536))
            answer.close()
    except (HTTPError, ValueError):
        return None
    is_ours = isinstance(found, dict) and found.get("service") == "nanwatch"
    return found if is_ours else None


def _opened(lock_file: Path) -> int:
    try:
        lock_file.parent.mkdir(parents=True, exist_ok=True)
        return os.open(lock_file, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise SetupError(
            f"the database's folder {lock_file.parent} cannot be written",
            error.strerror or str(error),
            "make it writable, or name another with --database-url sqlite:////path/file.db",
        ) from error


def _lock(fd: int, lock_file: Path) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        what = "a nanwatch monitor uses this database already"
        why = f"another process holds {lock_file}"
        how = "use that one, end the local one by `nanwatch stop`, or name another --database-url"
        raise AlreadyRunningError(what, why, how) from error
