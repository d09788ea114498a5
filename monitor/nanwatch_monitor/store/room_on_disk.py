"""Whether the disk of a database still takes in what one request may bring.

A row that is written and deleted proves little: it fits into pages that the database has already.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from sqlalchemy import Connection, text

from nanwatch.disk import take_room

ROOM_BYTES = 4 * 1024 * 1024
_SETTINGS = (
    "SET LOCAL work_mem = '64kB'",
    "SET LOCAL temp_tablespaces = ''",  # on the disk of the tables
)
_SPILL = text("""
    WITH filler AS MATERIALIZED (
        SELECT repeat('x', 65536) AS piece FROM generate_series(1, :bytes / 65536)
    )
    SELECT sum(length(piece)) FROM filler
""")


def try_growing(beside: Path) -> None:
    """Take room beside a file, and give it back. Raises OSError: the disk is full, or read-only."""
    descriptor, path = tempfile.mkstemp(prefix=".nanwatch-probe-", dir=beside.parent)
    try:
        os.unlink(path)
        take_room(descriptor, ROOM_BYTES)
    finally:
        os.close(descriptor)


def try_spilling(connection: Connection) -> None:
    """Have PostgreSQL take room for an answer too large for its memory, and give it back.

    Nothing is logged and no table grows. Raises what the database raises when its disk is full.

    Source: "work_mem" and "temp_tablespaces" in PostgreSQL's documentation of its settings.
    """
    for setting in _SETTINGS:
        connection.exec_driver_sql(setting)
    connection.execute(_SPILL, {"bytes": ROOM_BYTES}).close()
