"""A server that stores again what comes again, without a key: what a crash test must notice."""

from nanwatch_monitor import cli
from nanwatch_monitor.store import Store, appending

find_or_open, open_properly = appending.Group._find_or_open, Store.open.__func__


def find_and_forget(group, known, first):
    """Every frame is taken for a new one."""
    head, opened = find_or_open(group, known, first)
    head.last_seq = min(head.last_seq, first.seq - 1)
    return head, opened


def open_without_key(cls, *how):
    store = open_properly(cls, *how)
    with store.database.write() as connection:
        for statement in (
            "CREATE TABLE keyless AS SELECT * FROM batch",
            "DROP TABLE batch",
            "ALTER TABLE keyless RENAME TO batch",
        ):
            connection.exec_driver_sql(statement)
    return store


appending.Group._find_or_open = find_and_forget
Store.open = classmethod(open_without_key)
cli.main()
