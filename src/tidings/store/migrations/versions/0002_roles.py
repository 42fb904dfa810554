"""Scopes of platform tokens, permissions of API keys: those that exist keep every right they had."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give every token all scopes and every key all permissions, also those that the release before still makes."""
    op.add_column(
        "platform_tokens",
        sa.Column("scopes", sa.Text(), server_default="publish read operate admin", nullable=False),
    )
    op.add_column(
        "api_keys",
        sa.Column("permissions", sa.Text(), server_default="webhooks:read webhooks:write", nullable=False),
    )
