"""Deleted runs stay deleted, and the size of a run is known."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SIZES = """
UPDATE stream SET sealed_bytes =
    (SELECT coalesce(sum(length(data)), 0) FROM node WHERE node.stream_id = stream.id)
    + (SELECT coalesce(sum(length(data)), 0) FROM remark WHERE remark.stream_id = stream.id)
"""


def upgrade() -> None:
    op.create_table(
        "deleted_run",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("deleted_at", sa.Double, nullable=False),
    )
    size = sa.Column("sealed_bytes", sa.BigInteger, nullable=False, server_default=sa.text("0"))
    op.add_column("stream", size)
    op.execute(_SIZES)


def downgrade() -> None:
    op.drop_column("stream", "sealed_bytes")
    op.drop_table("deleted_run")
