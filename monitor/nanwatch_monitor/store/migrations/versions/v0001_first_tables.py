"""The first tables: runs, their streams and log, incidents, outbox, and who may look."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "run",
        sa.Column("no", _Id, primary_key=True),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("config", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.Column("end_state", sa.String(16)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("last_step", sa.BigInteger),
        sa.Column("last_loss", sa.Text),
        sa.Column("best_val_loss", sa.Text),
    )
    op.create_index("run_by_project", "run", ["project", "no"])
    op.create_index("run_by_state", "run", ["end_state", "seen_at"])
    op.create_table(
        "stream",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("run_no", _Id, sa.ForeignKey("run.no"), nullable=False, index=True),
        sa.Column("token", sa.String(64), nullable=False, unique=True),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.Column("watched_seq", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "batch",
        sa.Column("stream_id", _Id, sa.ForeignKey("stream.id"), primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True),
        sa.Column("crc", sa.BigInteger, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Frames are dense numbers: compressing them costs time and wins nothing.
        op.execute("ALTER TABLE batch ALTER COLUMN data SET STORAGE EXTERNAL")
    op.create_table(
        "incident",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("run_no", _Id, sa.ForeignKey("run.no"), nullable=False),
        sa.Column("symptom", sa.String(32), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("opened_at", sa.Double, nullable=False),
        sa.Column("diagnosis", sa.Text, nullable=False),
        sa.UniqueConstraint("run_no", "symptom", name="one_incident_a_symptom"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("incident_id", _Id, sa.ForeignKey("incident.id"), nullable=False, unique=True),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("due_at", sa.Double, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
    )
    op.create_index("outbox_by_due", "outbox", ["state", "due_at"])
    for name in ("login_code", "session"):
        op.create_table(
            name,
            sa.Column("digest", sa.String(64), primary_key=True),
            sa.Column("expires_at", sa.Double, nullable=False),
        )


def downgrade() -> None:
    for name in ("session", "login_code", "outbox", "incident", "batch", "stream", "run"):
        op.drop_table(name)
