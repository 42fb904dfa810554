"""A release to come: this one, with two schemas more that expand what is there, as CONTRIBUTING.md asks of each.

Owns the copy. Its commands are the real ones, run from the copy; its schemas still work with this release.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import tidings
from support.service import Installation
from tidings.store import schema

_MIGRATION = '''"""A schema to come."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand."""
{steps}
'''
_STEPS = (
    (
        'op.add_column("deliveries", sa.Column("note", sa.Text(), nullable=True))',
        'op.add_column("events", sa.Column("rank", sa.Integer(), server_default="0", nullable=False))',
        'op.add_column("webhooks", sa.Column("colour", sa.Text(), server_default="grey", nullable=False))',
    ),
    (
        'op.create_index("ix_deliveries_note", "deliveries", ["note"])',
        'op.create_index("ix_attempts_started_at", "attempts", ["started_at"])',
        'op.create_table("notes", sa.Column("partner_id", sa.String(63), sa.ForeignKey("partners.id")))',
    ),
)


@dataclass(frozen=True, kw_only=True)
class NextRelease(Installation):
    """An installation whose commands are those of the release in ``copy``."""

    copy: Path

    def environment(self) -> dict[str, str]:
        return super().environment() | {"PYTHONPATH": str(self.copy)}


def next_release(installation: Installation, copy: Path) -> tuple[NextRelease, str]:
    """Make the release in the folder ``copy``, for the same database; return it and its newest schema."""
    package = copy / "tidings"
    shutil.copytree(Path(tidings.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    before = schema.head()
    for steps in _STEPS:
        revision = f"{int(before) + 1:04d}"
        written = _MIGRATION.format(revision=revision, before=before, steps="\n".join(f"    {step}" for step in steps))
        (package / "store" / "migrations" / "versions" / f"{revision}_to_come.py").write_text(written, "utf-8")
        before = revision
    return NextRelease(folder=installation.folder, settings=installation.settings, copy=copy), before
