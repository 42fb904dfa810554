"""Reading deliveries: one, those of an event, and pages of many, newest first."""

from msgspec import Struct
from sqlalchemy import Connection, Row, Select, select

from tidings.core.ids import id_floor
from tidings.core.instants import Instant
from tidings.core.model import Delivery, State
from tidings.store.tables import deliveries, webhooks


class DeliveryFilter(Struct, frozen=True, kw_only=True):
    """What to look for; ``since`` is inclusive, ``until`` is not."""

    partner: str | None = None
    webhook: str | None = None
    event: str | None = None
    event_type: str | None = None
    state: State | None = None
    since: Instant | None = None
    until: Instant | None = None


_ALL = select(deliveries, webhooks.c.url).join(webhooks, webhooks.c.id == deliveries.c.webhook_id)


def get(connection: Connection, name: str) -> Delivery | None:
    row = connection.execute(_ALL.where(deliveries.c.id == name)).one_or_none()
    return None if row is None else _delivery(row)


def of_event(connection: Connection, event: str) -> list[Delivery]:
    rows = connection.execute(_ALL.where(deliveries.c.event_id == event).order_by(deliveries.c.id))
    return [_delivery(row) for row in rows]


def page(connection: Connection, wanted: DeliveryFilter, *, before: str | None, limit: int) -> list[Delivery]:
    """Return at most ``limit`` deliveries, newest first, older than the delivery ``before``."""
    statement = _narrowed(_ALL, wanted).order_by(deliveries.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(deliveries.c.id < before)
    return [_delivery(row) for row in connection.execute(statement)]


def _narrowed(statement: Select[*tuple[object, ...]], wanted: DeliveryFilter) -> Select[*tuple[object, ...]]:
    exact = {
        deliveries.c.partner_id: wanted.partner,
        deliveries.c.webhook_id: wanted.webhook,
        deliveries.c.event_id: wanted.event,
        deliveries.c.event_type: wanted.event_type,
        deliveries.c.state: wanted.state,
    }
    statement = statement.where(*(column == value for column, value in exact.items() if value is not None))
    # Ids carry their time in milliseconds, so a span of time is a span of the primary key, and then an exact one.
    if wanted.since is not None:
        statement = statement.where(
            deliveries.c.id >= id_floor("dlv_", wanted.since), deliveries.c.created_at >= wanted.since
        )
    if wanted.until is not None:
        statement = statement.where(
            deliveries.c.id < id_floor("dlv_", wanted.until + 1000), deliveries.c.created_at < wanted.until
        )
    return statement


def _delivery(row: Row[*tuple[object, ...]]) -> Delivery:
    return Delivery(
        id=row.id,
        event=row.event_id,
        event_type=row.event_type,
        webhook=row.webhook_id,
        partner=row.partner_id,
        url=row.url,
        state=State(row.state),
        attempts=row.attempts,
        due_at=row.due_at,
        created_at=row.created_at,
        finished_at=row.finished_at,
        last_outcome=row.last_outcome,
        last_status=row.last_status,
        redelivery_of=row.redelivery_of,
    )
