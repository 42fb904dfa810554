"""What is told to whoever runs the platform: failures not told yet, webhooks that keep failing, conditions."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the three tables; the release before does not know them and need not."""
    op.create_table(
        "untold_failures",
        sa.Column("delivery_id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_untold_failures")),
    )
    op.create_table(
        "failing_webhooks",
        sa.Column("webhook_id", sa.String(length=32), nullable=False),
        sa.Column("partner_id", sa.String(length=63), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=False),
        sa.Column("last_failed_at", sa.BigInteger(), nullable=False),
        sa.Column("last_outcome", sa.String(length=32), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("webhook_id", name=op.f("pk_failing_webhooks")),
    )
    op.create_table(
        "conditions",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_conditions")),
    )
