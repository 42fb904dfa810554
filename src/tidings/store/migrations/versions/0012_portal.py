"""Links to the partner page, and who came in by one."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of the partner page."""
    for name in ("portal_links", "portal_sessions"):
        op.create_table(
            name,
            sa.Column("digest", sa.String(length=64), nullable=False),
            sa.Column("partner_id", sa.String(length=63), nullable=False),
            sa.Column("ends_at", sa.BigInteger(), nullable=False),
            sa.PrimaryKeyConstraint("digest", name=op.f(f"pk_{name}")),
            sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f(f"fk_{name}_partner_id_partners")),
        )
        op.create_index(op.f(f"ix_{name}_ends_at"), name, ["ends_at"], unique=False)
