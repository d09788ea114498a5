"""A PostgreSQL of the tests' own, made of the system's programs, with a database for each test."""

import getpass
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from ledger_server import free_port

SETTINGS = ("fsync=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=60")


class Cluster:
    """A running server; `new_database` makes an empty database and returns its URL.

    Args:
        folder: where its own folder is made; None: among the temporary ones.
    """

    def __init__(self, programs, folder=None):
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="nanwatch-pg-", dir=folder))
        self._numbers = itertools.count()
        self._emptied = None
        self._port = free_port()
        self._run = run_as_somebody_else(self._folder)
        data = self._folder / "data"
        self._check(programs / "initdb", "-D", data, "-U", "tests", "-A", "trust", "--no-sync")
        options = [word for setting in SETTINGS for word in ("-c", setting)]
        self._command = [programs / "postgres", "-D", data, "-p", str(self._port)]
        self._command += ["-k", self._folder, *options]
        self.launch()

    def launch(self):
        """Start it, also after a crash: it begins again when the last backends are gone."""
        deadline = time.monotonic() + 60
        while not self._begins():
            assert time.monotonic() < deadline, (self._folder / "log").read_text()
            time.sleep(0.1)

    def _begins(self):
        with open(self._folder / "log", "wb") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, cwd=self._folder, **self._run
            )
        return self._answers()

    def crash(self):
        """Kill -9 the postmaster; its backends notice and leave."""
        self._process.kill()
        self._process.wait(20)

    def crash_a_backend(self):
        """Kill -9 a backend of a test, if there is one: all others end, and it recovers."""
        query = "SELECT pid FROM pg_stat_activity WHERE datname LIKE 'test%' LIMIT 1"
        try:
            with psycopg.connect(self._address("postgres")) as connection:
                found = connection.execute(query).fetchone()
        except psycopg.OperationalError:  # it recovers from the last time
            return False
        if found is None:
            return False
        try:
            os.kill(*found, signal.SIGKILL)
        except ProcessLookupError:  # it has ended just now
            return False
        return True

    def new_database(self):
        """The URL of an empty database."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self._address(name)

    def emptied_database(self, prepare):
        """The URL of the one that `prepare` made tables in; they are empty. One test uses it."""
        if self._emptied is None:
            self._emptied = self.new_database()
            prepare(self._emptied)
        with psycopg.connect(self._emptied) as connection:
            tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            names = {name for (name,) in connection.execute(tables)} - {"alembic_version"}
            connection.execute(f"TRUNCATE {', '.join(names)} RESTART IDENTITY")
        return self._emptied

    def run(self, program, *arguments):
        """Run one of PostgreSQL's own programs."""
        subprocess.run([self._programs / program, *arguments], check=True)

    def stop(self):
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(20)
        shutil.rmtree(self._folder)

    def _address(self, database):
        return f"postgresql://tests@127.0.0.1:{self._port}/{database}"

    def _check(self, *command):
        done = subprocess.run(command, capture_output=True, cwd=self._folder, **self._run)
        assert done.returncode == 0, done.stderr.decode()

    def _answers(self):
        """Wait until it answers; False when it ended instead."""
        while self._process.poll() is None:
            try:
                psycopg.connect(self._address("postgres")).close()
                return True
            except psycopg.OperationalError:
                time.sleep(0.05)
        return False


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
