"""A webhook's old signing secret, for the time that it signs beside the new one."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; a release that does not know them signs with the newest secret alone."""
    op.add_column("webhooks", sa.Column("old_sealed_secret", sa.Text(), nullable=True))
    op.add_column("webhooks", sa.Column("old_secret_ends_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_webhooks_old_secrets",
        "webhooks",
        ["old_secret_ends_at"],
        unique=False,
        sqlite_where=sa.text("old_secret_ends_at IS NOT NULL"),
        postgresql_where=sa.text("old_secret_ends_at IS NOT NULL"),
    )
