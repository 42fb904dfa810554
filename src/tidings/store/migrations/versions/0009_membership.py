"""What each process says of the others: for whom it has shrunk, and where it still has too much in flight."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; processes of the release before leave them empty and count as agreeing."""
    op.add_column("processes", sa.Column("view", sa.Text(), nullable=True))
    op.add_column("processes", sa.Column("busy", sa.Text(), server_default="[]", nullable=False))
