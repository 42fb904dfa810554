"""A database that has been in use for a while, as far as a planner can tell.

Owns rows in bulk. Where a planner keeps statistics of tables, they are fresh afterwards.
"""

from sqlalchemy import Connection

from support.stepped_clock import START
from tidings.core.ids import moment_of
from tidings.core.instants import SECOND
from tidings.core.retention import Retention
from tidings.store.bookkeeping import COUNTS
from tidings.store.partitions import PARTITIONED, make_ahead

EVENTS = 20_000
PARTNERS = 400
HOUR = 3600 * SECOND
AMONG_THEM = f"dlv_h{EVENTS * 3 // 4:025d}"
"""A delivery with others before and after it."""

_TABLES = (
    f"""
    INSERT INTO partners (id, name, created_at)
    SELECT 'partner-' || n, 'Partner', {START} FROM generate_series(1, {PARTNERS}) AS n
    """,
    f"""
    INSERT INTO webhooks (id, partner_id, url, enabled, events, sealed_secret, created_at, updated_at)
    SELECT 'WH' || n, 'partner-' || n, 'https://hooks.example.com/in', true, '["user.verified"]', 'sealed', {START},
        {START}
    FROM generate_series(1, {PARTNERS}) AS n
    """,
    f"""
    INSERT INTO failing_webhooks (webhook_id, partner_id, failing_since, last_failed_at, last_outcome)
    SELECT 'WH' || n, 'partner-' || n, {START} + n, {START} + n, 'timeout' FROM generate_series(1, {PARTNERS}) AS n
    """,
    f"""
    INSERT INTO api_keys (key, partner_id, sealed_secret, nonce_window, nonce_highest, created_at)
    SELECT 'key-' || n, 'partner-' || n, 'sealed', 10, lpad('9', 20, '0'), {START}
    FROM generate_series(1, {PARTNERS}) AS n
    """,
    f"""
    INSERT INTO used_nonces (key, nonce)
    SELECT 'key-' || n, lpad(m::text, 20, '0') FROM generate_series(1, {PARTNERS}) AS n, generate_series(1, 9) AS m
    """,
    f"""
    INSERT INTO webhook_tests (id, webhook_id, started_at, duration_ms, outcome)
    SELECT 'test-' || n, 'WH' || (n % {PARTNERS} + 1), {START}, 1, 'ok' FROM generate_series(1, {EVENTS}) AS n
    """,
    f"""
    INSERT INTO platform_tokens (name, digest, created_at)
    SELECT 'token-' || n, md5(n::text), {START} FROM generate_series(1, {PARTNERS}) AS n
    """,
    f"""
    INSERT INTO statistics (resolution, partner_id, webhook_id, event_type, bucket_at, {", ".join(COUNTS)})
    SELECT 'hour', 'partner-' || n, 'WH' || n, 'user.verified', {START} + m * {HOUR}, {", ".join("1" for _ in COUNTS)}
    FROM generate_series(1, {PARTNERS}) AS n, generate_series(1, 50) AS m
    """,
    f"""
    INSERT INTO backlog (resolution, bucket_at, most_pending, longest_overdue)
    SELECT CASE WHEN n % 60 = 0 THEN 'hour' ELSE 'minute' END, {START} + n, n, 0
    FROM generate_series(1, {EVENTS}) AS n
    """,
    f"""
    INSERT INTO audit_entries (id, created_at, actor, action, partner_id, subject, details)
    SELECT 'aud_h' || lpad(n::text, 25, '0'), {START} + n, 'token:token-' || (n % 40),
        CASE WHEN n % 50 = 0 THEN 'token.create' ELSE 'webhook.update' END, 'partner-' || (n % {PARTNERS} + 1), 'WH1',
        '{{}}'
    FROM generate_series(1, {EVENTS}) AS n
    """,
    f"""
    INSERT INTO events (id, partner_id, event_type, payload, idempotency_key, unrouted, created_at)
    SELECT 'evt_h' || lpad(n::text, 25, '0'), 'partner-' || (n % {PARTNERS} + 1), 'user.verified', '{{}}', 'k' || n,
        CASE WHEN n % 60 = 0 THEN 'no_webhook' END, {START} + n
    FROM generate_series(1, {EVENTS}) AS n
    """,
    f"""
    INSERT INTO idempotency_keys (partner_id, key, event_id, digest, created_at)
    SELECT 'partner-' || (n % {PARTNERS} + 1), 'k' || n, 'evt_h' || lpad(n::text, 25, '0'), '0', {START} + n
    FROM generate_series(1, {EVENTS}) AS n
    """,
    f"""
    INSERT INTO deliveries (id, event_id, event_type, webhook_id, partner_id, state, attempts, due_at, lease_token,
        lease_until, leases_lost, first_attempt_at, give_up_at, created_at)
    SELECT 'dlv_h' || lpad(n::text, 25, '0'), 'evt_h' || lpad(n::text, 25, '0'), 'user.verified',
        'WH' || (n % {PARTNERS} + 1), 'partner-' || (n % {PARTNERS} + 1),
        CASE WHEN n % 50 = 0 THEN 'pending' WHEN n % 51 = 0 THEN 'in_flight' WHEN n % 52 = 0 THEN 'failed'
            ELSE 'delivered' END,
        1, {START} + n, 'token', {START} + n, 0, {START}, {START} + n, {START} + n
    FROM generate_series(1, {EVENTS}) AS n
    """,
    f"""
    INSERT INTO attempts (delivery_id, number, started_at, duration_ms, outcome)
    SELECT 'dlv_h' || lpad(n::text, 25, '0'), m, {START}, 1, 'ok'
    FROM generate_series(1, {EVENTS}) AS n, generate_series(1, 2) AS m
    """,
)


def fill(connection: Connection) -> None:
    """Put a history into PostgreSQL. SQLite plans by the schema alone: there is nothing to fill."""
    if connection.dialect.name == "sqlite":
        return
    for of in PARTITIONED:
        # The partition of their day, with others before and after it.
        for moment in (START, moment_of(AMONG_THEM) or 0):
            make_ahead(connection, of, retention=Retention(), now=moment - HOUR)
            make_ahead(connection, of, retention=Retention(), now=moment)
    for statement in _TABLES:
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql("ANALYZE")
