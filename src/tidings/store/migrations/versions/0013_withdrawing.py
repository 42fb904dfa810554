"""Webhooks whose waiting deliveries are being cancelled, piece by piece."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark; a release that does not know it cancels everything at once, and marks nothing."""
    op.add_column("webhooks", sa.Column("withdrawing", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(
        "ix_webhooks_withdrawing",
        "webhooks",
        ["id"],
        unique=False,
        sqlite_where=sa.text("withdrawing = 1"),
        postgresql_where=sa.text("withdrawing"),
    )
