"""Since when a run that still reports makes no step."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("hung_since", sa.Double))


def downgrade() -> None:
    op.drop_column("run", "hung_since")
