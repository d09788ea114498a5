"""A PostgreSQL of the tests' own, made of the system's programs, with a database for each test."""

import getpass
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

SETTINGS = ("fsync=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=60")


class Cluster:
    """A running server; `new_database` makes an empty database and returns its URL."""

    def __init__(self, programs):
        self._folder = Path(tempfile.mkdtemp(prefix="nanwatch-pg-"))
        self._numbers = itertools.count()
        self._port = free_port()
        self._run = run_as_somebody_else(self._folder)
        data = self._folder / "data"
        self._check(programs / "initdb", "-D", data, "-U", "tests", "-A", "trust", "--no-sync")
        options = [word for setting in SETTINGS for word in ("-c", setting)]
        command = [programs / "postgres", "-D", data, "-p", str(self._port), "-k", self._folder]
        with open(self._folder / "log", "wb") as log:
            self._process = subprocess.Popen(
                [*command, *options], stdout=log, stderr=log, cwd=self._folder, **self._run
            )
        self._wait_until_it_answers()

    def new_database(self):
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self._address(name)

    def stop(self):
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(20)
        shutil.rmtree(self._folder)

    def _address(self, database):
        return f"postgresql://tests@127.0.0.1:{self._port}/{database}"

    def _check(self, *command):
        done = subprocess.run(command, capture_output=True, cwd=self._folder, **self._run)
        assert done.returncode == 0, done.stderr.decode()

    def _wait_until_it_answers(self):
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self._address("postgres")).close()
                return
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self._folder / "log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)


def find_programs():
    """The folder with `initdb` and `postgres`, or None."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name)
    return installed[-1] if installed else None


def run_as_somebody_else(folder):
    """PostgreSQL refuses to run as root."""
    if getpass.getuser() != "root" and os.geteuid() != 0:
        return {}
    shutil.chown(folder, "nobody", "nogroup")
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
