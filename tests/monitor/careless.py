"""A server that deletes frames before their chunks are written: what a crash test must notice."""

import time

from sqlalchemy import delete

from nanwatch_monitor import cli
from nanwatch_monitor.store.series import SeriesStore
from nanwatch_monitor.store.tables import batch

seal_properly = SeriesStore.seal


def seal_in_two(store, sealing):
    """Make room at once, and write when there is time for it."""
    with store._database.write() as connection:
        connection.execute(delete(batch).where(batch.c.seq <= sealing.upto))
    time.sleep(60)
    return seal_properly(store, sealing)


SeriesStore.seal = seal_in_two
cli.main()
