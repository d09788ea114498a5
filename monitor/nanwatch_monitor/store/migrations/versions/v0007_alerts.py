"""Alerts have a state; messages are for one channel each, and every attempt is kept."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_KEEP = """
INSERT INTO outbox (incident_id, channel, kind, state, attempts, created_at, due_at, message_id,
                    composed_at, error)
SELECT incident_id, 'env-webhook', 'firing', state, attempts, created_at, due_at, message_id,
       created_at, error
FROM old_outbox
"""
_KEEP_ONE = """
INSERT INTO outbox (incident_id, message_id, state, attempts, created_at, due_at, error)
SELECT incident_id, message_id, state, attempts, created_at, due_at, error FROM old_outbox
WHERE id IN (SELECT min(id) FROM old_outbox
             WHERE incident_id IS NOT NULL AND message_id IS NOT NULL AND state <> 'dropped'
             GROUP BY incident_id)
"""


def upgrade() -> None:
    for column in _of_state():
        op.add_column("incident", column)
    op.create_index("incident_by_state", "incident", ["state", "id"])
    op.create_table(
        "incident_turn",
        sa.Column("id", _Id, primary_key=True),
        _of_incident(nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
    )
    op.create_index("turn_by_incident", "incident_turn", ["incident_id", "at"])
    _put_outbox_aside()
    _create_outbox()
    op.execute(_KEEP)
    op.drop_table("old_outbox")
    _create_attempts()
    _create_settings()


def _of_state() -> tuple[sa.Column[Any], ...]:
    """The new columns of incidents."""
    return (
        sa.Column("state", sa.String(16), nullable=False, server_default=sa.text("'open'")),
        sa.Column("acknowledged_at", sa.Double),
        sa.Column("resolved_at", sa.Double),
        sa.Column("muted", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("muted_until", sa.Double),
        sa.Column("verdict", sa.Boolean),
        sa.Column("note", sa.Text, nullable=False, server_default=sa.text("''")),
    )


def _of_incident(nullable: bool) -> sa.Column[Any]:
    target = sa.ForeignKey("incident.id", ondelete="CASCADE")
    return sa.Column("incident_id", _Id, target, nullable=nullable)


def _put_outbox_aside() -> None:
    """By copy: renamed, it would keep the names of its key and its indexes on PostgreSQL."""
    op.execute("CREATE TABLE old_outbox AS SELECT * FROM outbox")
    op.drop_table("outbox")


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", _Id, primary_key=True),
        _of_incident(nullable=True),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("words", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("due_at", sa.Double, nullable=False),
        sa.Column("message_id", sa.String(64)),
        sa.Column("grouping", sa.Text),
        sa.Column("composed_at", sa.Double),
        sa.Column("error", sa.Text, nullable=False),
    )
    op.create_index("outbox_by_due", "outbox", ["state", "due_at"])
    op.create_index("outbox_by_channel", "outbox", ["channel", "composed_at"])
    op.create_index("ix_outbox_incident_id", "outbox", ["incident_id"])
    op.create_index("ix_outbox_message_id", "outbox", ["message_id"])


def _create_attempts() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("channel_kind", sa.String(16), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("latency_ms", sa.Integer, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
    )
    op.create_index("ix_attempt_message_id", "attempt", ["message_id"])
    op.create_index("attempt_by_channel", "attempt", ["channel", "id"])


def _create_settings() -> None:
    op.create_table(
        "channel",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("secret", sa.Text),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_table(
        "mute",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("run_no", _Id, sa.ForeignKey("run.no", ondelete="CASCADE")),
        sa.Column("project", sa.Text),
        sa.Column("symptom", sa.String(32)),
        sa.Column("until", sa.Double, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )


def downgrade() -> None:
    """One message an incident is kept: the old version knows no more."""
    for table in ("mute", "channel", "attempt", "incident_turn"):
        op.drop_table(table)
    _put_outbox_aside()
    op.create_table(
        "outbox",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("incident_id", _Id, sa.ForeignKey("incident.id"), nullable=False),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("due_at", sa.Double, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.UniqueConstraint("incident_id"),
    )
    op.create_index("outbox_by_due", "outbox", ["state", "due_at"])
    op.execute(_KEEP_ONE)
    op.drop_table("old_outbox")
    op.drop_index("incident_by_state", "incident")
    for column in _of_state():
        op.drop_column("incident", column.name)
