"""The journal of what just happened, and the statistics that are added up from it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_COUNTS = ("published", "delivered", "failed", "cancelled", "attempts", "failed_attempts")
_BINS = 27


def upgrade() -> None:
    """Make both."""
    op.create_table(
        "journal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
    )
    counts = (*_COUNTS, *(f"latency_{number}" for number in range(_BINS)))
    op.create_table(
        "statistics",
        sa.Column("resolution", sa.String(length=8), nullable=False),
        sa.Column("partner_id", sa.String(length=63), nullable=False),
        sa.Column("webhook_id", sa.String(length=32), nullable=False),
        sa.Column("event_type", sa.String(length=64), nullable=False),
        sa.Column("bucket_at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in counts),
        sa.PrimaryKeyConstraint(
            "resolution", "partner_id", "bucket_at", "webhook_id", "event_type", name=op.f("pk_statistics")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_statistics_resolution_bucket_at", "statistics", ["resolution", "bucket_at"], unique=False)
