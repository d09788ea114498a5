"""The commands that make a database smaller: thin, vacuum."""

from __future__ import annotations

import time

import click

from nanwatch_monitor.commands import database_url_option, refusals, settings_of, write_down
from nanwatch_monitor.errors import SetupError

MIB = 1024 * 1024


@click.command()
@click.argument("run_id", metavar="RUN")
@database_url_option
def thin(run_id: str, database_url: str | None) -> None:
    """Remove the exact points of a run, by its id; its curves, incidents and NaNs stay.

    Works while the server runs or not. What is not summed up yet is kept: the last 65 536 points
    of a series at most.
    """
    from nanwatch_monitor.series.thinner import thinning_of
    from nanwatch_monitor.store import Store

    with refusals():
        settings = settings_of(database_url=database_url)
        store = Store.open(settings.effective_database_url)
        try:
            freed = thinning_of(store)(run_id, time.time())
            store.housekeeping.give_back_space()
        finally:
            store.close()
        if freed is None:
            why = "it was deleted, or is in another database"
            raise SetupError(f"there is no run {run_id[:64]}", why, "see `nanwatch runs`")
        write_down(settings, "runs.thin", run_id)
    click.echo(f"{freed / MIB:.1f} MiB of points of {run_id} are gone; its curves are kept")


@click.command()
@database_url_option
def vacuum(database_url: str | None) -> None:
    """Write the SQLite file anew without what is free in it. The server must not run."""
    from nanwatch_monitor.serve import sole_use
    from nanwatch_monitor.store.backup import write_anew
    from nanwatch_monitor.store.database import sqlite_file

    with refusals():
        settings = settings_of(database_url=database_url)
        file = sqlite_file(settings.effective_database_url)
        if file is None:
            how = "nothing has to be done; VACUUM FULL of PostgreSQL does the same by force"
            raise SetupError("this command is for SQLite", "PostgreSQL's autovacuum does it", how)
        with sole_use(settings):
            before, after = write_anew(file)
            write_down(settings, "vacuum", str(file))
    click.echo(f"{file} has {after / MIB:.1f} MiB, it had {before / MIB:.1f}")
