"""What grows with time is found by its age, and on PostgreSQL is partitioned by it.

A table that has rows becomes the first partition of its successor: nothing is copied. The release before goes on
working: it sees the same tables.
"""

import sqlalchemy as sa
from alembic import op

from tidings.core.ids import id_floor, moment_of
from tidings.core.instants import MILLISECOND

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_KEYS = {"events": ("id",), "deliveries": ("id",), "attempts": ("delivery_id", "number")}
_PREFIXES = {"events": "evt_", "deliveries": "dlv_", "attempts": "dlv_"}
_IDS = {
    "events": ("id",),
    "deliveries": ("id", "event_id", "redelivery_of"),
    "attempts": ("delivery_id",),
    "idempotency_keys": ("event_id",),
}


def upgrade() -> None:
    """Find old rows by an index; on PostgreSQL, put a partitioned table in the place of each that grows."""
    is_shared = op.get_bind().dialect.name == "postgresql"
    if is_shared:
        # In the order in which events pass through them: in another, each waits for what the other one holds.
        op.execute("LOCK TABLE events, idempotency_keys, deliveries, attempts IN ACCESS EXCLUSIVE MODE")
    op.create_index(op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"])
    op.create_index(op.f("ix_webhook_tests_started_at"), "webhook_tests", ["started_at"])
    if is_shared:
        _compare_ids_letter_by_letter()
        for table in _KEYS:
            _partition(table)


def _compare_ids_letter_by_letter() -> None:
    # Ranges of ids must mean the same whatever language the database speaks.
    for table, columns in _IDS.items():
        changes = ", ".join(f'ALTER COLUMN {column} TYPE varchar(32) COLLATE "C"' for column in columns)
        op.execute(f"ALTER TABLE {table} {changes}")


def _partition(table: str) -> None:
    connection, column, before = op.get_bind(), _KEYS[table][0], f"{table}_before"
    indexes = connection.execute(_INDEXES, {"table": table, "key": f"pk_{table}"}).all()
    op.rename_table(table, before)
    for name in (*(index.indexname for index in indexes), f"pk_{table}"):
        op.execute(f"ALTER INDEX {name} RENAME TO {name}_before")
    op.execute(f"CREATE TABLE {table} (LIKE {before} INCLUDING DEFAULTS) PARTITION BY RANGE ({column})")
    op.create_primary_key(f"pk_{table}", table, list(_KEYS[table]))
    op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")
    for index in indexes:
        # As it was written for the table that had this name.
        op.execute(index.indexdef)
    last = connection.execute(sa.select(sa.func.max(sa.column(column))).select_from(sa.table(before))).scalar()
    if last is None:
        op.drop_table(before)
    else:
        _keep(table, before, last)


def _keep(table: str, before: str, last: str) -> None:
    upper = id_floor(_PREFIXES[table], (moment_of(last) or 0) + MILLISECOND)
    kept = f"{table}_to_{upper[4:14]}"
    op.rename_table(before, kept)
    op.execute(f"ALTER TABLE {table} ATTACH PARTITION {kept} FOR VALUES FROM (MINVALUE) TO ('{upper}')")


_INDEXES = sa.text(
    "SELECT indexname, indexdef FROM pg_indexes"
    " WHERE schemaname = current_schema() AND tablename = :table AND indexname <> :key ORDER BY indexname"
)
