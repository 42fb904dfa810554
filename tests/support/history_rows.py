"""An event with a delivery and its attempts, made at any moment: what retention is about."""

import os

from msgspec import Struct
from sqlalchemy import Connection, func, select

from support.stored import a_delivery, an_event
from tidings.core.ids import delivery_id, event_id
from tidings.core.instants import Instant
from tidings.core.model import State
from tidings.store import attempts, deliveries, events, tables
from tidings.store.attempts import BegunAttempt
from tidings.store.events import NewKey

GROWING = ("events", "idempotency_keys", "deliveries", "attempts")
"""Tables that grow with every event."""


class Happened(Struct, frozen=True):
    """The ids of one event and of its delivery."""

    event: str
    delivery: str


def happen(connection: Connection, at: Instant, *, state: State = State.DELIVERED, attempted: int = 2) -> Happened:
    """Have one event with an idempotency key, and one delivery of it, happen at a moment."""
    event = event_id(at, os.urandom(8))
    events.insert(connection, [an_event(id=event, idempotency_key=event, created_at=at)])
    events.insert_keys(connection, [NewKey(partner_id="acme", key=event, event_id=event, digest="0", created_at=at)])
    return Happened(event, deliver_again(connection, event, at, state=state, attempted=attempted))


def deliver_again(
    connection: Connection, event: str, at: Instant, *, state: State = State.DELIVERED, attempted: int = 1
) -> str:
    """Have another delivery of an event happen at a moment."""
    name = delivery_id(at, os.urandom(8))
    made = a_delivery(id=name, event_id=event, state=state, attempts=attempted, created_at=at)
    deliveries.insert(connection, [made])
    numbers = range(1, attempted + 1)
    attempts.begin(connection, [BegunAttempt(delivery_id=name, number=number, started_at=at) for number in numbers])
    return name


def counted(connection: Connection) -> dict[str, int]:
    """Count the rows of what grows."""
    return {
        name: connection.execute(select(func.count()).select_from(tables.metadata.tables[name])).scalar_one()
        for name in GROWING
    }


def left(connection: Connection) -> dict[str, set[str]]:
    """Return what is there, by id."""
    columns = {
        "events": tables.events.c.id,
        "idempotency_keys": tables.idempotency_keys.c.event_id,
        "deliveries": tables.deliveries.c.id,
        "attempts": tables.attempts.c.delivery_id,
    }
    return {name: set(connection.execute(select(column)).scalars()) for name, column in columns.items()}
