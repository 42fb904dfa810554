"""Indexes for the lists of events and of what did not arrive."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them."""
    op.create_index("ix_events_partner_id_id", "events", ["partner_id", "id"], unique=False)
    _partial("ix_events_unrouted", "events", ["id"], "unrouted IS NOT NULL")
    _partial("ix_deliveries_failed_of_partner", "deliveries", ["partner_id", "id"], "state = 'failed'")
    _partial("ix_deliveries_cancelled", "deliveries", ["id"], "state = 'cancelled'")


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, unique=False, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
