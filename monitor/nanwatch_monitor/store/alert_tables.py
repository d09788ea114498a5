"""The tables of incidents and of what is told about them, in the same schema as `tables.py`."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from nanwatch_monitor.store.tables import Id, metadata

# `muted` without `muted_until`: until it becomes worse. `verdict`: whether somebody found it right.
incident = Table(
    "incident",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_no", ForeignKey("run.no"), nullable=False),
    Column("symptom", String(32), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("source", String(16), nullable=False),
    Column("opened_at", Double, nullable=False),
    Column("diagnosis", Text, nullable=False),  # JSON
    Column("state", String(16), nullable=False, server_default=text("'open'")),
    Column("acknowledged_at", Double),
    Column("resolved_at", Double),
    Column("muted", Boolean, nullable=False, server_default=false()),
    Column("muted_until", Double),
    Column("verdict", Boolean),
    Column("note", Text, nullable=False, server_default=text("''")),
    UniqueConstraint("run_no", "symptom", name="one_incident_a_symptom"),
    Index("incident_by_state", "state", "id"),
)

# Each time an incident calmed down or flared up by itself.
incident_turn = Table(
    "incident_turn",
    metadata,
    Column("id", Id, primary_key=True),
    Column("incident_id", ForeignKey("incident.id", ondelete="CASCADE"), nullable=False),
    Column("at", Double, nullable=False),
    Column("state", String(16), nullable=False),
    Index("turn_by_incident", "incident_id", "at"),
)

# What is to be told to one channel: written with its incident in one transaction, so nothing is
# forgotten. Rows that go out together get the same `message_id`, and keep it at every attempt.
# Without an incident it is about a channel, in `words`.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("incident_id", ForeignKey("incident.id", ondelete="CASCADE"), index=True),
    Column("channel", String(64), nullable=False),
    Column("kind", String(16), nullable=False),  # firing, worse, again, resolved, flapping, ...
    Column("words", Text, nullable=False, server_default=text("''")),
    Column("state", String(16), nullable=False),  # waiting, sent, failed, dropped
    Column("attempts", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("message_id", String(64), index=True),
    Column("grouping", Text),
    Column("composed_at", Double),
    Column("error", Text, nullable=False),
    Index("outbox_by_due", "state", "due_at"),
    Index("outbox_by_channel", "channel", "composed_at"),
)

# The delivery log: every attempt, for some weeks.
attempt = Table(
    "attempt",
    metadata,
    Column("id", Id, primary_key=True),
    Column("message_id", String(64), nullable=False, index=True),
    Column("channel", String(64), nullable=False),
    Column("channel_kind", String(16), nullable=False),
    Column("at", Double, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("state", String(16), nullable=False),  # sent, retry, failed
    Column("status", Integer),
    Column("latency_ms", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Index("attempt_by_channel", "channel", "id"),
)

# Ways to people that were set up in the page. `target` and `secret` are never shown again.
channel = Table(
    "channel",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("secret", Text),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", Double, nullable=False),
)

# What is not told for a while: all that fits what is given of run, project and symptom.
mute = Table(
    "mute",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_no", ForeignKey("run.no", ondelete="CASCADE")),
    Column("project", Text),
    Column("symptom", String(32)),
    Column("until", Double, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Double, nullable=False),
)
