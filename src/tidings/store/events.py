"""Statements on events and their idempotency keys."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, Text, select

from tidings.core.ids import deliveries_of
from tidings.core.instants import Instant
from tidings.core.model import Event, Unrouted
from tidings.store.rows import Given, fetch_all, given_for, in_one_value, insert_given
from tidings.store.tables import deliveries, events, idempotency_keys


class NewEvent(Struct, frozen=True, array_like=True, kw_only=True):
    """A row to be made, in the order of the columns."""

    id: str
    partner_id: str
    event_type: str
    payload: str
    idempotency_key: str | None
    unrouted: str | None
    created_at: Instant


class NewKey(Struct, frozen=True, array_like=True, kw_only=True):
    """An idempotency key; ``digest`` is of the compact payload."""

    partner_id: str
    key: str
    event_id: str
    digest: str
    created_at: Instant


class KnownKey(Struct, frozen=True, array_like=True):
    """An idempotency key in use, and the event it stands for."""

    partner_id: str
    key: str
    event_id: str
    digest: str
    unrouted: Unrouted | None


class _Fan(Struct, frozen=True, array_like=True):
    event_id: str
    delivery_id: str


_new = given_for(events, NewEvent.__struct_fields__)
_INSERT = insert_given(events, _new, NewEvent.__struct_fields__)
_new_key = given_for(idempotency_keys, NewKey.__struct_fields__)
_INSERT_KEYS = insert_given(idempotency_keys, _new_key, NewKey.__struct_fields__)
_asked = given_for(idempotency_keys, ("partner_id", "key"))
_KNOWN = in_one_value(
    select(
        idempotency_keys.c.partner_id,
        idempotency_keys.c.key,
        idempotency_keys.c.event_id,
        idempotency_keys.c.digest,
        # Not joined: the key alone stands for an event that retention removed a moment before the key.
        select(events.c.unrouted).where(events.c.id == idempotency_keys.c.event_id).scalar_subquery(),
    )
    .select_from(_asked.source)
    .join(
        idempotency_keys,
        (idempotency_keys.c.partner_id == _asked["partner_id"]) & (idempotency_keys.c.key == _asked["key"]),
    )
)
_ids = Given("ids", [("id", Text), ("earliest", Text), ("latest", Text)])
_FANNED = in_one_value(
    select(deliveries.c.event_id, deliveries.c.id)
    .select_from(_ids.source)
    .join(deliveries, deliveries.c.event_id == _ids["id"])
    .where(deliveries.c.id >= _ids["earliest"], deliveries.c.id < _ids["latest"])
    .where(deliveries.c.redelivery_of.is_(None))
    .order_by(deliveries.c.id)
)


def insert(connection: Connection, rows: Sequence[NewEvent]) -> None:
    connection.execute(_INSERT, _new.bind(rows))


def insert_keys(connection: Connection, rows: Sequence[NewKey]) -> None:
    connection.execute(_INSERT_KEYS, _new_key.bind(rows))


def known_keys(connection: Connection, asked: Sequence[tuple[str, str]]) -> list[KnownKey]:
    """Return what is known of idempotency keys given as (partner, key)."""
    return fetch_all(connection, _KNOWN, KnownKey, **_asked.bind(asked))


def first_deliveries(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the deliveries each event was given when it was published, redeliveries left out."""
    fans: dict[str, list[str]] = {name: [] for name in ids}
    given = [(name, *deliveries_of(name)) for name in ids]
    for row in fetch_all(connection, _FANNED, _Fan, **_ids.bind(given)):
        fans[row.event_id].append(row.delivery_id)
    return {name: tuple(found) for name, found in fans.items()}


def payloads(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Return the payloads of those events that are still there."""
    found = connection.execute(select(events.c.id, events.c.payload).where(events.c.id.in_(ids)))
    return {row.id: row.payload for row in found}


def get(connection: Connection, name: str) -> Event | None:
    row = connection.execute(select(events).where(events.c.id == name)).one_or_none()
    return None if row is None else _event(row)


def get_own(connection: Connection, partner: str, name: str) -> Event | None:
    """Return an event of a partner, and nobody else's."""
    own = select(events).where(events.c.id == name, events.c.partner_id == partner)
    row = connection.execute(own).one_or_none()
    return None if row is None else _event(row)


def _event(row: Row[Any]) -> Event:
    return Event(
        id=row.id,
        partner=row.partner_id,
        event_type=row.event_type,
        payload=row.payload,
        idempotency_key=row.idempotency_key,
        unrouted=None if row.unrouted is None else Unrouted(row.unrouted),
        created_at=row.created_at,
    )
