"""The signing secret before the present one, and until when it signs beside it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Webhooks that are there have no secret before their present one."""
    op.add_column("webhooks", sa.Column("previous_sealed_secret", sa.Text(), nullable=True))
    op.add_column("webhooks", sa.Column("previous_secret_ends_at", sa.BigInteger(), nullable=True))
    overlapping = sa.text("previous_secret_ends_at IS NOT NULL")
    op.create_index(
        "ix_webhooks_overlapping",
        "webhooks",
        ["previous_secret_ends_at"],
        unique=False,
        sqlite_where=overlapping,
        postgresql_where=overlapping,
    )
