"""The tables, the same on SQLite and PostgreSQL.

Owns names, types, keys and indexes. Moments are whole microseconds (core.instants); sealed secrets are text made by
the vault; the 64-bit nonce is kept as 20 digits, since it does not fit a signed integer (security.md section 3).
On PostgreSQL the tables that grow with time are partitioned by it (``store.partitions``, docs/decisions/0008).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    false,
    text,
)

from tidings.core.roles import ALL_PERMISSIONS, ALL_SCOPES, stored
from tidings.store import bookkeeping
from tidings.store.spelling import SUSPECTED

metadata = bookkeeping.processes.metadata
"""The one schema; whoever asks for it here knows every table."""

# Compared letter by letter, whatever language the database speaks: partitions are ranges of ids.
_ID = String(32).with_variant(String(32, collation="C"), "postgresql")

partners = Table(
    "partners",
    metadata,
    Column("id", String(63), primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
)

allowed_hosts = Table(
    "allowed_hosts",
    metadata,
    Column("partner_id", ForeignKey("partners.id"), nullable=False),
    Column("host", String(253), nullable=False),
    PrimaryKeyConstraint("partner_id", "host"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key", String(80), primary_key=True),
    Column("partner_id", ForeignKey("partners.id"), nullable=False, index=True),
    Column("sealed_secret", Text, nullable=False),
    Column("nonce_window", BigInteger, nullable=False),
    Column("nonce_highest", String(20), nullable=False),
    Column("bucket_level", Float),
    Column("bucket_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("permissions", Text, nullable=False, server_default=stored(ALL_PERMISSIONS)),
)

used_nonces = Table(
    "used_nonces",
    metadata,
    Column("key", ForeignKey("api_keys.key"), nullable=False),
    Column("nonce", String(20), nullable=False),
    PrimaryKeyConstraint("key", "nonce"),
)

platform_tokens = Table(
    "platform_tokens",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("scopes", Text, nullable=False, server_default=stored(ALL_SCOPES)),
)

operators = Table(
    "operators",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
)

operator_sessions = Table(
    "operator_sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("operator", ForeignKey("operators.name"), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False, index=True),
)

portal_links = Table(
    "portal_links",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("partner_id", ForeignKey("partners.id"), nullable=False),
    Column("ends_at", BigInteger, nullable=False, index=True),
)

portal_sessions = Table(
    "portal_sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("partner_id", ForeignKey("partners.id"), nullable=False),
    Column("ends_at", BigInteger, nullable=False, index=True),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("partner_id", ForeignKey("partners.id"), nullable=False),
    Column("url", String(2048), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("events", Text, nullable=False),
    Column("sealed_secret", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("deleted_at", BigInteger),
    Column("old_sealed_secret", Text),
    Column("old_secret_ends_at", BigInteger),
    # What waited when it was paused is being cancelled, piece by piece.
    Column("withdrawing", Boolean, nullable=False, server_default=false()),
)
Index(
    "ix_webhooks_withdrawing",
    webhooks.c.id,
    sqlite_where=text("withdrawing = 1"),
    postgresql_where=text("withdrawing"),
)
Index(
    "ix_webhooks_old_secrets",
    webhooks.c.old_secret_ends_at,
    sqlite_where=text("old_secret_ends_at IS NOT NULL"),
    postgresql_where=text("old_secret_ends_at IS NOT NULL"),
)
Index(
    "ix_webhooks_living",
    webhooks.c.partner_id,
    sqlite_where=text("deleted_at IS NULL"),
    postgresql_where=text("deleted_at IS NULL"),
)

webhook_tests = Table(
    "webhook_tests",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("webhook_id", ForeignKey("webhooks.id"), nullable=False),
    Column("started_at", BigInteger, nullable=False, index=True),
    Column("duration_ms", BigInteger),
    Column("outcome", String(32)),
    Column("http_status", Integer),
    Column("signature", Text),
    Column("response_excerpt", Text),
)
Index(
    "uq_webhook_tests_running",
    webhook_tests.c.webhook_id,
    unique=True,
    sqlite_where=text("outcome IS NULL"),
    postgresql_where=text("outcome IS NULL"),
)

events = Table(
    "events",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("partner_id", String(63), nullable=False),
    Column("event_type", String(64), nullable=False),
    Column("payload", Text, nullable=False),
    Column("idempotency_key", String(255)),
    Column("unrouted", String(32)),
    Column("created_at", BigInteger, nullable=False),
    postgresql_partition_by="RANGE (id)",
)

Index("ix_events_partner_id_id", events.c.partner_id, events.c.id)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("partner_id", String(63), nullable=False),
    Column("key", String(255), nullable=False),
    Column("event_id", _ID, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False, index=True),
    PrimaryKeyConstraint("partner_id", "key"),
    sqlite_with_rowid=False,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("event_id", _ID, nullable=False, index=True),
    Column("event_type", String(64), nullable=False),
    Column("webhook_id", String(32), nullable=False),
    Column("partner_id", String(63), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger),
    Column("lease_token", String(32)),
    Column("lease_until", BigInteger),
    Column("leases_lost", Integer, nullable=False),
    Column("first_attempt_at", BigInteger),
    Column("give_up_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("last_outcome", String(32)),
    Column("last_status", Integer),
    Column("redelivery_of", _ID),
    postgresql_partition_by="RANGE (id)",
)
Index("ix_deliveries_partner_id_id", deliveries.c.partner_id, deliveries.c.id)


def _partial(name: str, where: str, *columns: Column[object]) -> None:
    Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


# Each hot question has an index that holds only the rows it asks about, so that history costs it nothing.
_partial("ix_deliveries_due", "state = 'pending'", deliveries.c.webhook_id, deliveries.c.due_at)
_partial("ix_deliveries_leased", "state = 'in_flight'", deliveries.c.lease_until)
_partial("ix_deliveries_give_up", "state = 'pending' AND give_up_at IS NOT NULL", deliveries.c.give_up_at)
_partial(
    "ix_deliveries_suspect",
    f"state = 'pending' AND {SUSPECTED}",
    deliveries.c.due_at,
)
_partial("ix_deliveries_failed", "state = 'failed'", deliveries.c.id)
_partial("ix_deliveries_failed_of_partner", "state = 'failed'", deliveries.c.partner_id, deliveries.c.id)
_partial("ix_deliveries_cancelled", "state = 'cancelled'", deliveries.c.id)
_partial("ix_events_unrouted", "unrouted IS NOT NULL", events.c.id)

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", _ID, nullable=False),
    Column("number", Integer, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("duration_ms", BigInteger),
    Column("outcome", String(32)),
    Column("http_status", Integer),
    Column("signature", Text),
    Column("response_excerpt", Text),
    PrimaryKeyConstraint("delivery_id", "number"),
    sqlite_with_rowid=False,
    postgresql_partition_by="RANGE (delivery_id)",
)

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("address", Text),
    Column("action", String(32), nullable=False),
    Column("partner_id", String(63)),
    Column("subject", Text, nullable=False),
    Column("details", Text, nullable=False),
)
# Each filter has the ids in its index, so that a page of it is read from the newest on and nothing is sorted.
Index("ix_audit_entries_partner_id_id", audit_entries.c.partner_id, audit_entries.c.id)
Index("ix_audit_entries_actor_id", audit_entries.c.actor, audit_entries.c.id)
Index("ix_audit_entries_action_id", audit_entries.c.action, audit_entries.c.id)

schema_floor = Table(
    "schema_floor",
    metadata,
    Column("revision", String(32), primary_key=True),
)
