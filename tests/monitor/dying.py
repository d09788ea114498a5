"""A process that dies of kill -9 before its nth statement, while it migrates or seals.

python dying.py URL N migrate|migrate-in-steps|seal

In steps means that each step of a migration is committed: what a test must notice.
"""

import itertools
import os
import signal
import sys

from sqlalchemy import Engine, event

from nanwatch_monitor.series.sealer import seal
from nanwatch_monitor.store import Store, prepared
from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.migrate import migrate

url, last, what = sys.argv[1], int(sys.argv[2]), sys.argv[3]
store = Store.open(url) if what == "seal" else None
number = itertools.count(1)


@event.listens_for(Engine, "before_cursor_execute")
def die_in_time(*_):
    if next(number) == last:
        os.kill(os.getpid(), signal.SIGKILL)


@event.listens_for(Engine, "after_cursor_execute")
def commit_each_step(connection, _cursor, statement, *_):
    if what == "migrate-in-steps" and statement.startswith("UPDATE alembic_version"):
        connection.connection.commit()


cursor_of = prepared._cursor


def cursor_in_time(connection):
    die_in_time()
    return cursor_of(connection)


prepared._cursor = cursor_in_time
if store is None:
    migrate(Database(url))
else:
    seal(store.series, 1, store.log.head(1).last_seq, b"")
