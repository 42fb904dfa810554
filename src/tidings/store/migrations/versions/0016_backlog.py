"""How many deliveries waited, minute by minute."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; what was before nobody wrote down."""
    op.create_table(
        "backlog",
        sa.Column("resolution", sa.String(length=8), nullable=False),
        sa.Column("bucket_at", sa.BigInteger(), nullable=False),
        sa.Column("most_pending", sa.BigInteger(), nullable=False),
        sa.Column("longest_overdue", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("resolution", "bucket_at", name=op.f("pk_backlog")),
        sqlite_with_rowid=False,
    )
