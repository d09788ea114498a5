"""Sealed points: chunks and rollups take the place of old frames. What is there is sealed later,
by the server, in the background.
"""

import sqlalchemy as sa
from alembic import op

from nanwatch_monitor.errors import SetupError

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    sealed = sa.Column("sealed_seq", sa.BigInteger, nullable=False, server_default=sa.text("-1"))
    op.add_column("stream", sealed)
    op.create_table(
        "series",
        sa.Column(
            "stream_id", _Id, sa.ForeignKey("stream.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("no", sa.BigInteger, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("first_step", sa.BigInteger, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("n_nan", sa.BigInteger, nullable=False),
        sa.Column("n_pinf", sa.BigInteger, nullable=False),
        sa.Column("n_ninf", sa.BigInteger, nullable=False),
        sa.Column("low", sa.Double),
        sa.Column("high", sa.Double),
        sa.Column("last", sa.Text, nullable=False),
        sa.Column("rest", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "node",
        sa.Column("stream_id", sa.BigInteger, primary_key=True),
        sa.Column("series_no", sa.BigInteger, primary_key=True),
        sa.Column("level", sa.Integer, primary_key=True),
        sa.Column("n0", sa.BigInteger, primary_key=True),
        sa.Column("first_step", sa.BigInteger, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(
            ["stream_id", "series_no"], ["series.stream_id", "series.no"], ondelete="CASCADE"
        ),
    )
    op.create_index("node_by_step", "node", ["stream_id", "series_no", "level", "first_step"])
    _create_by_stream("remark", sa.Column("seq", sa.BigInteger, primary_key=True))
    _create_by_stream("memory")
    if op.get_bind().dialect.name == "postgresql":
        # Compressed already: trying once more costs time and wins nothing.
        op.execute("ALTER TABLE node ALTER COLUMN data SET STORAGE EXTERNAL")
        op.execute("ALTER TABLE series ALTER COLUMN rest SET STORAGE EXTERNAL")


def downgrade() -> None:
    sealed = op.get_bind().scalar(sa.text("SELECT count(*) FROM stream WHERE sealed_seq >= 0"))
    if sealed:
        what = "a schema before 0003 knows no sealed points"
        raise SetupError(what, "they cannot become frames again", "restore a backup of that time")
    for name in ("memory", "remark", "node", "series"):
        op.drop_table(name)
    op.drop_column("stream", "sealed_seq")


def _create_by_stream(name: str, *more: sa.Column[int]) -> None:
    stream_id = sa.Column(
        "stream_id", _Id, sa.ForeignKey("stream.id", ondelete="CASCADE"), primary_key=True
    )
    op.create_table(name, stream_id, *more, sa.Column("data", sa.LargeBinary, nullable=False))
