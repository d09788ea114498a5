"""The tables, the same on SQLite and PostgreSQL. The migrations make them; a test compares both.

Those of alerts are in `alert_tables.py`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
    text,
)


class ExactFloat(TypeDecorator[float]):
    """A float kept as text, because SQLite silently stores NaN as NULL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """The shortest text that reads back as the same float."""
        return None if value is None else repr(float(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> float | None:  # noqa: ARG002 - SQLAlchemy's signature
        """The float again."""
        return None if value is None else float(value)


metadata = MetaData()
Id = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER counts up by itself on SQLite

run = Table(
    "run",
    metadata,
    Column("no", Id, primary_key=True),  # the order of arrival; what pages of runs go by
    Column("id", String(64), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("project", Text, nullable=False),
    Column("tags", Text, nullable=False),  # JSON, as `config` and `facts`
    Column("config", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("end_state", String(16)),
    Column("reason", Text, nullable=False),
    Column("last_step", BigInteger),
    Column("last_loss", ExactFloat),
    Column("loss_is_of_batch", Boolean, nullable=False, server_default=false()),
    Column("best_val_loss", ExactFloat),
    Column("hung_since", Double),
    Column("pinned", Boolean, nullable=False, server_default=false()),  # with `note`: by people
    Column("note", Text, nullable=False, server_default=text("''")),
    Column("thinned_at", Double),
    Column("begun", Boolean, nullable=False, server_default=false()),  # by one that resumes nothing
    Column("resumed_by", BigInteger),  # the stream that did so last
    Index("run_by_project", "project", "no"),
    Index("run_by_state", "end_state", "seen_at"),
)

# Runs that somebody deleted: what is still on its way of them is not taken in again.
deleted_run = Table(
    "deleted_run",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("deleted_at", Double, nullable=False),
)

# One writing process of a run. `watched_seq` says how far the brain has come in its log, and
# `sealed_seq` up to where the log's frames have become chunks; it is never ahead of the brain.
# `sealed_bytes` is the size of what was written once of it: chunks, rollups and remarks.
stream = Table(
    "stream",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_no", ForeignKey("run.no"), nullable=False, index=True),
    Column("token", String(64), nullable=False, unique=True),
    Column("last_seq", BigInteger, nullable=False),
    Column("watched_seq", BigInteger, nullable=False),
    Column("sealed_seq", BigInteger, nullable=False, server_default=text("-1")),
    Column("sealed_bytes", BigInteger, nullable=False, server_default=text("0")),
)

# The open log: verbatim frames, never changed, until they are sealed.
batch = Table(
    "batch",
    metadata,
    Column("stream_id", ForeignKey("stream.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("crc", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

# Sealed points of one name with ever higher steps; where a step goes back, the next number begins.
# `n` counts all of them. `rest` are those that do not fill a chunk yet: the only sealed bytes that
# are written again. Of the first `thinned` points only rollups are kept. What is sealed goes with
# its stream.
series = Table(
    "series",
    metadata,
    Column("stream_id", ForeignKey("stream.id", ondelete="CASCADE"), primary_key=True),
    Column("no", BigInteger, primary_key=True),
    Column("name", Text, nullable=False),
    Column("first_step", BigInteger, nullable=False),
    Column("last_step", BigInteger, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("n_nan", BigInteger, nullable=False),
    Column("n_pinf", BigInteger, nullable=False),
    Column("n_ninf", BigInteger, nullable=False),
    Column("low", Double),
    Column("high", Double),
    Column("last", ExactFloat, nullable=False),
    Column("rest", LargeBinary, nullable=False),
    Column("thinned", BigInteger, nullable=False, server_default=text("0")),
)

# Chunks (level 0) and rollups of a series, written once; `n0` of its points come before.
node = Table(
    "node",
    metadata,
    Column("stream_id", BigInteger, primary_key=True),
    Column("series_no", BigInteger, primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("n0", BigInteger, primary_key=True),
    Column("first_step", BigInteger, nullable=False),
    Column("last_step", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["stream_id", "series_no"], ["series.stream_id", "series.no"], ondelete="CASCADE"
    ),
    Index("node_by_step", "stream_id", "series_no", "level", "first_step"),
)

# Frames without their points, of those that were sealed and said anything else worth keeping.
remark = Table(
    "remark",
    metadata,
    Column("stream_id", ForeignKey("stream.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

# What the brain remembers of a stream at its `sealed_seq`.
memory = Table(
    "memory",
    metadata,
    Column("stream_id", ForeignKey("stream.id", ondelete="CASCADE"), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

# For how many days runs are kept whole, and at all: one row, or none.
retention = Table(
    "retention",
    metadata,
    Column("no", Integer, primary_key=True, autoincrement=False),
    Column("thin_after_days", Integer),
    Column("delete_after_days", Integer),
)

# Only SHA-256 digests: whoever reads the database cannot log in with it. Tokens are revoked, never
# deleted: what they did stays explicable, and no id comes back.
api_token = Table(
    "api_token",
    metadata,
    Column("id", Id, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("scope", String(8), nullable=False),  # read, write, admin
    Column("project", Text),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("last_used_at", Double),
    Column("revoked_at", Double),
)

# `token_id` is the token that a login comes from; none: the server's own.
login_code = Table(
    "login_code",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("expires_at", Double, nullable=False),
    Column("token_id", BigInteger),
)
session = Table(
    "session",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("expires_at", Double, nullable=False),
    Column("token_id", BigInteger),
)

# Who did what that matters for security.
audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Double, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
)
