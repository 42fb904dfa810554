"""Failing webhooks in the order in which pages show them."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index: the few that have been failing for longest are found without sorting all."""
    op.create_index("ix_failing_webhooks_failing_since", "failing_webhooks", ["failing_since"], unique=False)
