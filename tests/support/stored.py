"""Rows for tests, put into a database as the store itself puts them."""

import itertools
from typing import Any

from sqlalchemy import Connection

from support.stepped_clock import START
from tidings.core.instants import SECOND
from tidings.core.model import Partner, State, Webhook
from tidings.store import attempts, deliveries, events, partners, webhooks
from tidings.store.attempts import BegunAttempt
from tidings.store.deliveries import NewDelivery
from tidings.store.events import NewEvent

LEASE = 60 * SECOND
WINDOW = 300 * SECOND
URL = "https://hooks.example.com/in"
PAYLOAD = '{"event_type":"user.verified","iiban":"AA00 TEST EXAM PLE1","timestamp":"2025-01-15T10:30:00.000000000Z"}'
WEBHOOK = "WHAAAAAA-AAAAA-AAAAAA"

_numbers = itertools.count(1)


def add_partner(connection: Connection, name: str = "acme", *, hosts: tuple[str, ...] = ()) -> str:
    partners.insert_one(connection, Partner(id=name, name=name, enabled=True, allowed_hosts=hosts, created_at=START))
    return name


def add_webhook(
    connection: Connection,
    name: str = WEBHOOK,
    *,
    partner: str = "acme",
    enabled: bool = True,
    events: tuple[str, ...] = ("user.verified",),
) -> str:
    made = Webhook(
        id=name, partner=partner, url=URL, enabled=enabled, events=events, created_at=START, updated_at=START
    )
    webhooks.insert_one(connection, made, sealed_secret=f"sealed of {name}")
    return name


def an_event(**wanted: Any) -> NewEvent:  # noqa: ANN401 - any column of the row
    columns: dict[str, Any] = {
        "id": f"evt_{next(_numbers):026d}",
        "partner_id": "acme",
        "event_type": "user.verified",
        "payload": PAYLOAD,
        "idempotency_key": None,
        "unrouted": None,
        "created_at": START,
    }
    return NewEvent(**(columns | wanted))


def add_event(connection: Connection, **wanted: Any) -> str:  # noqa: ANN401 - any column of the row
    made = an_event(**wanted)
    events.insert(connection, [made])
    return made.id


def a_delivery(**wanted: Any) -> NewDelivery:  # noqa: ANN401 - any column of the row
    columns: dict[str, Any] = {
        "id": f"dlv_{next(_numbers):026d}",
        "event_id": "evt_00000000000000000000000000",
        "event_type": "user.verified",
        "webhook_id": WEBHOOK,
        "partner_id": "acme",
        "state": State.PENDING,
        "attempts": 0,
        "due_at": START,
        "lease_token": None,
        "lease_until": None,
        "leases_lost": 0,
        "first_attempt_at": None,
        "give_up_at": None,
        "created_at": START,
        "redelivery_of": None,
    }
    return NewDelivery(**(columns | wanted))


def add_delivery(connection: Connection, **wanted: Any) -> str:  # noqa: ANN401 - any column of the row
    made = a_delivery(**wanted)
    deliveries.insert(connection, [made])
    return made.id


def add_leased_delivery(connection: Connection, token: str, **wanted: Any) -> str:  # noqa: ANN401 - any column
    leased = {
        "state": State.IN_FLIGHT,
        "attempts": 1,
        "lease_token": token,
        "lease_until": START + LEASE,
        "first_attempt_at": START,
        "give_up_at": START + WINDOW,
        "webhook_id": WEBHOOK,
    }
    name = add_delivery(connection, **(leased | wanted))
    attempts.begin(connection, [BegunAttempt(delivery_id=name, number=1, started_at=START)])
    return name
