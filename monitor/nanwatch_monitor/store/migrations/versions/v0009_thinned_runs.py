"""Old runs of which only rollups are kept, and after how long they are thinned or deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    thinned = sa.Column("thinned", sa.BigInteger, nullable=False, server_default=sa.text("0"))
    op.add_column("series", thinned)
    op.add_column("run", sa.Column("thinned_at", sa.Double))
    op.create_table(
        "retention",
        sa.Column("no", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("thin_after_days", sa.Integer),
        sa.Column("delete_after_days", sa.Integer),
    )


def downgrade() -> None:
    op.drop_table("retention")
    op.drop_column("run", "thinned_at")
    op.drop_column("series", "thinned")
