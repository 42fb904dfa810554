"""The statements of the first schema's release, word for word, as that release runs them on a schema made since.

Owns a copy that must not be kept up to date. It is small: each statement that a process of that release runs for an
event, from its publication to its end.
"""

import json

from sqlalchemy import Connection, text

from support.stepped_clock import START
from tidings.core.instants import SECOND

_GIVEN = {
    "sqlite": "json_each(:given) AS given",
    "postgresql": "json_array_elements(CAST(:given AS json)) AS given",
}
_VALUE = "given.value ->> {}"


def _column(position: int, kind: str) -> str:
    return f"CAST({_VALUE.format(position)} AS {kind})"


def _insert(table: str, titles: str, kinds: str) -> str:
    columns = ", ".join(_column(position, kind) for position, kind in enumerate(kinds.split()))
    return f"INSERT INTO {table} ({titles}) SELECT {columns} FROM {{given}}"


STATEMENTS = {
    "partner": "INSERT INTO partners (id, name, created_at) VALUES ('old', 'Old', 1)",
    "webhook": (
        "INSERT INTO webhooks (id, partner_id, url, enabled, events, sealed_secret, created_at, updated_at)"
        " VALUES ('WHOLD', 'old', 'https://hooks.example.com/in', true, '[\"user.verified\"]', 'sealed', 1, 1)"
    ),
    "key": (
        "INSERT INTO api_keys (key, partner_id, sealed_secret, nonce_window, nonce_highest, created_at)"
        " VALUES ('key', 'old', 'sealed', 0, '00000000000000000000', 1)"
    ),
    "token": "INSERT INTO platform_tokens (name, digest, created_at) VALUES ('token', 'digest', 1)",
    "events": _insert(
        "events",
        "id, partner_id, event_type, payload, idempotency_key, unrouted, created_at",
        "TEXT TEXT TEXT TEXT TEXT TEXT BIGINT",
    ),
    "keys": _insert("idempotency_keys", "partner_id, key, event_id, digest, created_at", "TEXT TEXT TEXT TEXT BIGINT"),
    "deliveries": _insert(
        "deliveries",
        "id, event_id, event_type, webhook_id, partner_id, state, attempts, due_at, lease_token, lease_until,"
        " leases_lost, first_attempt_at, give_up_at, created_at, redelivery_of",
        "TEXT TEXT TEXT TEXT TEXT TEXT BIGINT BIGINT TEXT BIGINT BIGINT BIGINT BIGINT BIGINT TEXT",
    ),
    "lease": (
        "UPDATE deliveries SET state = 'in_flight', attempts = attempts + 1, lease_token = 'token',"
        f" lease_until = {START + 60 * SECOND}, first_attempt_at = {START}, give_up_at = {START + 300 * SECOND}"
        f" FROM {{given}} WHERE deliveries.state || '' = 'pending' AND deliveries.id = {_column(0, 'TEXT')}"
    ),
    "begin": _insert("attempts", "delivery_id, number, started_at", "TEXT BIGINT BIGINT"),
    "record": (
        "UPDATE deliveries SET state = 'delivered', due_at = NULL, last_outcome = 'ok', last_status = 200,"
        f" finished_at = {START}, lease_until = NULL FROM {{given}}"
        f" WHERE deliveries.state || '' = 'in_flight' AND deliveries.id = {_column(0, 'TEXT')}"
        " AND deliveries.lease_token = 'token'"
    ),
    "end": (
        "UPDATE attempts SET duration_ms = 1, outcome = 'ok', http_status = 200 FROM {given}"
        f" WHERE attempts.delivery_id = {_column(0, 'TEXT')} AND attempts.number = {_column(1, 'BIGINT')}"
        " AND attempts.outcome IS NULL"
    ),
    "tally": "UPDATE tallies SET delivered = delivered + 1 WHERE shard = 0",
    "expire": "UPDATE deliveries SET state = 'failed' WHERE deliveries.state = 'pending' AND deliveries.give_up_at < 1",
    "read": (
        "SELECT deliveries.*, webhooks.url FROM deliveries JOIN webhooks ON webhooks.id = deliveries.webhook_id"
        " WHERE deliveries.state = 'delivered' ORDER BY deliveries.id DESC LIMIT 50"
    ),
    "beat": "INSERT INTO processes (id, seen_at) VALUES ('old', 1)",
}


def register(connection: Connection) -> None:
    """Make a partner with a webhook, a key and a token."""
    for title in ("partner", "webhook", "key", "token", "beat"):
        _run(connection, title)


def deliver(connection: Connection, number: int) -> tuple[str, str]:
    """Publish an event and deliver it; return the ids of the event and of its delivery."""
    event, delivery = f"evt_{number:026d}", f"dlv_{number:026d}"
    _run(connection, "events", [event, "old", "user.verified", "{}", event, None, START])
    _run(connection, "keys", ["old", event, event, "0", START])
    pending = [delivery, event, "user.verified", "WHOLD", "old", "pending", 0, START]
    _run(connection, "deliveries", [*pending, None, None, 0, None, None, START, None])
    assert _run(connection, "lease", [delivery]) == 1
    _run(connection, "begin", [delivery, 1, START])
    assert _run(connection, "record", [delivery]) == 1
    assert _run(connection, "end", [delivery, 1]) == 1
    _run(connection, "tally")
    _run(connection, "expire")
    return event, delivery


def delivered(connection: Connection) -> list[str]:
    """Return what that release shows as delivered, newest first."""
    return [row.id for row in connection.execute(text(STATEMENTS["read"]))]


def _run(connection: Connection, title: str, row: list[object] | None = None) -> int:
    statement = STATEMENTS[title].replace("{given}", _GIVEN[connection.dialect.name])
    given = {} if row is None else {"given": json.dumps([row])}
    return connection.execute(text(statement), given).rowcount
