"""Scopes of tokens, permissions of keys, and the audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give existing tokens and keys, and those that the release before still makes, everything they could do."""
    everything = "publish read operate admin"
    op.add_column("platform_tokens", sa.Column("scopes", sa.Text(), nullable=False, server_default=everything))
    both = "webhooks:read webhooks:write"
    op.add_column("api_keys", sa.Column("permissions", sa.Text(), nullable=False, server_default=both))
    op.create_table(
        "audit_entries",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("partner_id", sa.String(length=63), nullable=True),
        sa.Column("target", sa.String(length=255), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_entries")),
    )
    op.create_index(op.f("ix_audit_entries_happened_at"), "audit_entries", ["happened_at"])
    op.create_index("ix_audit_entries_partner_id_number", "audit_entries", ["partner_id", "number"])
    op.create_index("ix_audit_entries_actor_number", "audit_entries", ["actor", "number"])
