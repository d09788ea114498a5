"""Whose loss the last loss is: with it, an epoch's mean can wait for its turn."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    flag = sa.Column("loss_is_of_batch", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("run", flag)


def downgrade() -> None:
    op.drop_column("run", "loss_is_of_batch")
