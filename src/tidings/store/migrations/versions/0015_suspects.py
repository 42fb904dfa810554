"""Deliveries that may be what kills us."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_WHERE = "state = 'pending' AND leases_lost >= 2 AND last_outcome = 'lease_lost'"


def upgrade() -> None:
    """Add their index: they are looked for apart from the others, once a second."""
    op.create_index(
        "ix_deliveries_suspect",
        "deliveries",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text(_WHERE),
        postgresql_where=sa.text(_WHERE),
    )
