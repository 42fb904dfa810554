"""The tables in which the installation keeps its own books: who works, what is counted, what is told to operations.

What the product is about has its tables in store.tables.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, String, Table, Text, text

from tidings.core.latency import BINS
from tidings.core.model import State
from tidings.store.metadata import metadata

processes = Table(
    "processes",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("seen_at", BigInteger, nullable=False),
    # Rows of the release before say nothing of it.
    Column("view", Text),
    Column("busy", Text, nullable=False, server_default="[]"),
)

journal = Table(
    "journal",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("entries", Text, nullable=False),
)

redeliveries = Table(
    "redeliveries",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("partner_id", String(63)),
    Column("webhook_id", String(32)),
    Column("event_type", String(64)),
    Column("of_state", String(16), nullable=False),
    Column("since", BigInteger),
    Column("until", BigInteger),
    Column("rate", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("total", BigInteger),
    Column("made", BigInteger, nullable=False),
    Column("left_out", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("up_to", String(32), nullable=False),
    Column("cursor", String(32), nullable=False),
)
Index(
    "ix_redeliveries_running",
    redeliveries.c.due_at,
    sqlite_where=text("state = 'running'"),
    postgresql_where=text("state = 'running'"),
)

COUNTS = (
    *("published", "delivered", "failed", "cancelled", "attempts", "failed_attempts"),
    *(f"latency_{number}" for number in range(BINS)),
)
"""What is counted for each bucket; the bins are those of core.latency."""

statistics = Table(
    "statistics",
    metadata,
    Column("resolution", String(8), nullable=False),
    Column("partner_id", String(63), nullable=False),
    Column("webhook_id", String(32), nullable=False),
    Column("event_type", String(64), nullable=False),
    Column("bucket_at", BigInteger, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in COUNTS),
    PrimaryKeyConstraint("resolution", "partner_id", "bucket_at", "webhook_id", "event_type"),
    sqlite_with_rowid=False,
)
Index("ix_statistics_resolution_bucket_at", statistics.c.resolution, statistics.c.bucket_at)

backlog = Table(
    "backlog",
    metadata,
    Column("resolution", String(8), nullable=False),
    Column("bucket_at", BigInteger, nullable=False),
    Column("most_pending", BigInteger, nullable=False),
    Column("longest_overdue", BigInteger, nullable=False),
    PrimaryKeyConstraint("resolution", "bucket_at"),
    sqlite_with_rowid=False,
)

TALLY_SHARDS = 16

tallies = Table(
    "tallies",
    metadata,
    Column("shard", Integer, primary_key=True, autoincrement=False),
    *(Column(state.value, BigInteger, nullable=False) for state in State),
)

untold_failures = Table(
    "untold_failures",
    metadata,
    Column("delivery_id", String(32), primary_key=True),
)

failing_webhooks = Table(
    "failing_webhooks",
    metadata,
    Column("webhook_id", String(32), primary_key=True),
    Column("partner_id", String(63), nullable=False),
    Column("failing_since", BigInteger, nullable=False, index=True),
    Column("last_failed_at", BigInteger, nullable=False),
    Column("last_outcome", String(32), nullable=False),
    Column("told_at", BigInteger),
)

conditions = Table(
    "conditions",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("since", BigInteger, nullable=False),
)
