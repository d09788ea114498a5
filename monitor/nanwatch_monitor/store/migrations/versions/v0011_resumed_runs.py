"""Which stream resumed a run last: an end that another one tells late is not the run's."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("resumed_by", sa.BigInteger))


def downgrade() -> None:
    op.drop_column("run", "resumed_by")
