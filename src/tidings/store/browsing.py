"""Reading deliveries: one, those of an event, and pages of many, newest first."""

from typing import Any

from sqlalchemy import Connection, Row, select

from tidings.core.model import Delivery, State
from tidings.store.delivery_filter import DeliveryFilter, along_of, of_this_event
from tidings.store.tables import deliveries, webhooks
from tidings.store.windows import Slice
from tidings.store.windows import page as page_along

_GONE = webhooks.c.deleted_at.is_not(None).label("webhook_gone")
_ALL = select(deliveries, webhooks.c.url, _GONE).join(webhooks, webhooks.c.id == deliveries.c.webhook_id)


def get(connection: Connection, name: str) -> Delivery | None:
    row = connection.execute(_ALL.where(deliveries.c.id == name)).one_or_none()
    return None if row is None else _delivery(row)


def get_own(connection: Connection, partner: str, name: str) -> Delivery | None:
    """Return a delivery of a partner, and nobody else's."""
    own = _ALL.where(deliveries.c.id == name, deliveries.c.partner_id == partner)
    row = connection.execute(own).one_or_none()
    return None if row is None else _delivery(row)


def of_event(connection: Connection, event: str) -> list[Delivery]:
    rows = connection.execute(_ALL.where(*of_this_event(event)).order_by(deliveries.c.id))
    return [_delivery(row) for row in rows]


def page(connection: Connection, wanted: DeliveryFilter, *, before: str | None, limit: int) -> Slice[Delivery]:
    """Return at most ``limit`` deliveries, newest first, older than the delivery ``before``."""
    found = page_along(connection, _ALL, along_of(connection, wanted), before=before, limit=limit)
    return Slice([_delivery(row) for row in found.rows], found.goes_on)


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        event=row.event_id,
        event_type=row.event_type,
        webhook=row.webhook_id,
        partner=row.partner_id,
        url=row.url,
        webhook_gone=row.webhook_gone,
        state=State(row.state),
        attempts=row.attempts,
        due_at=row.due_at,
        created_at=row.created_at,
        finished_at=row.finished_at,
        last_outcome=row.last_outcome,
        last_status=row.last_status,
        redelivery_of=row.redelivery_of,
    )
