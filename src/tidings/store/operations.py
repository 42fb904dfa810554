"""Statements on the operations' own partner and webhook, which no other module's statements show or change."""

from collections.abc import Sequence

from sqlalchemy import Connection, Update, text, update

from tidings.core.instants import Instant
from tidings.core.model import Partner, Webhook
from tidings.core.operational_events import PARTNER
from tidings.store import partners, webhooks
from tidings.store.dialects import is_shared
from tidings.store.tables import webhooks as table

SETTING_LOCK = 0x7469_6473_6574
"""The advisory lock of whoever brings the webhook in step with the settings."""


def lock(connection: Connection) -> None:
    """Let others who follow their settings wait until the transaction ends."""
    if is_shared(connection):
        connection.execute(text(f"SELECT pg_advisory_xact_lock({SETTING_LOCK})"))


def webhook(connection: Connection) -> Webhook | None:
    """Return the operations' webhook if it was ever made."""
    return next(iter(webhooks.of_partner(connection, PARTNER)), None)


def make(connection: Connection, partner: Partner, made: Webhook) -> None:
    """Make the partner and its webhook; the secret follows."""
    partners.insert_one(connection, partner)
    webhooks.insert_one(connection, made, sealed_secret="")


def point(
    connection: Connection, name: str, *, url: str, sealed_secret: str, events: Sequence[str], now: Instant
) -> None:
    """Have the webhook lead to ``url`` from now on."""
    values = {
        "url": url,
        "sealed_secret": sealed_secret,
        "old_sealed_secret": None,
        "old_secret_ends_at": None,
        "events": webhooks.encode_events(tuple(events)),
    }
    connection.execute(_of(name).values(**values, enabled=True, updated_at=now))


def disable(connection: Connection, name: str, *, now: Instant) -> None:
    connection.execute(_of(name).values(enabled=False, updated_at=now))


def _of(name: str) -> Update:
    return update(table).where(table.c.partner_id == PARTNER, table.c.id == name)
