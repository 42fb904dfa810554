"""What the platform's own people and programs are shown (docs/design.md section 5).

Owns fields and the spelling of times: RFC 3339 with microseconds. Shows a secret only in the answer that made it.
"""

from typing import Any, TypeVar

from msgspec import Raw, Struct

from tidings.actions import browsing
from tidings.actions.fan_out import Published
from tidings.core.instants import rfc3339_micros
from tidings.core.model import Delivery, Event, State, Unrouted

V = TypeVar("V", bound=Struct)


class PublishedView(Struct, frozen=True, kw_only=True):
    """What became of one event of a batch."""

    id: str
    duplicate: bool
    deliveries: tuple[str, ...]
    unrouted: Unrouted | None


class BatchView(Struct, frozen=True):
    """What became of a batch, in its order."""

    events: tuple[PublishedView, ...]


class EventFields(Struct, frozen=True, kw_only=True):
    """A published event. ``payload`` is the event itself."""

    id: str
    partner: str
    event_type: str
    payload: Raw
    idempotency_key: str | None
    unrouted: Unrouted | None
    created_at: str


class EventSummaryFields(Struct, frozen=True, kw_only=True):
    """A published event without its payload. ``unrouted`` says why no webhook wanted it."""

    id: str
    partner: str
    event_type: str
    idempotency_key: str | None
    unrouted: Unrouted | None
    created_at: str


class DeliveryFields(Struct, frozen=True, kw_only=True):
    """One event for one webhook."""

    id: str
    event: str
    event_type: str
    webhook: str
    partner: str
    url: str
    state: State
    attempts: int
    due_at: str | None
    created_at: str
    finished_at: str | None
    last_outcome: str | None
    last_status: int | None
    redelivery_of: str | None


class AttemptFields(Struct, frozen=True, kw_only=True):
    """One HTTP request of a delivery. What is not known yet is null."""

    number: int
    started_at: str
    duration_ms: int | None
    outcome: str | None
    http_status: int | None
    signature: str | None
    response_excerpt: str | None


class WebhookFields(Struct, frozen=True, kw_only=True):
    """A webhook, as operators see it. Until ``old_secret_ends_at`` requests are signed with two secrets."""

    id: str
    partner: str
    url: str
    enabled: bool
    events: tuple[str, ...]
    created_at: str
    updated_at: str
    old_secret_ends_at: str | None


class EventView(Struct, frozen=True):
    """An event and its deliveries."""

    event: EventFields
    deliveries: tuple[DeliveryFields, ...]


class EventsView(Struct, frozen=True):
    """A page of events, newest first."""

    events: tuple[EventSummaryFields, ...]
    next_cursor: str | None


class DeliveriesView(Struct, frozen=True):
    """A page of deliveries, newest first."""

    deliveries: tuple[DeliveryFields, ...]
    next_cursor: str | None


class DeliveryView(Struct, frozen=True):
    """A delivery and its attempts."""

    delivery: DeliveryFields
    attempts: tuple[AttemptFields, ...]


class RedeliveredView(Struct, frozen=True):
    """The new delivery."""

    delivery: DeliveryFields


class HealthView(Struct, frozen=True):
    """How we are."""

    status: str


def shown(noun: Struct, view: type[V]) -> V:
    """Return the fields of ``noun`` that ``view`` shows; instants become text."""
    fields: dict[str, Any] = {name: _spelt(name, getattr(noun, name)) for name in view.__struct_fields__}
    return view(**fields)


def batch_view(published: list[Published]) -> BatchView:
    return BatchView(tuple(shown(one, PublishedView) for one in published))


def event_view(found: browsing.EventView) -> EventView:
    return EventView(_event_fields(found.event), _deliveries(found.deliveries))


def events_view(page: browsing.EventPage) -> EventsView:
    return EventsView(tuple(shown(event, EventSummaryFields) for event in page.events), page.next_cursor)


def deliveries_view(page: browsing.Page) -> DeliveriesView:
    return DeliveriesView(_deliveries(page.deliveries), page.next_cursor)


def delivery_view(found: browsing.DeliveryView) -> DeliveryView:
    attempts = tuple(shown(attempt, AttemptFields) for attempt in found.attempts)
    return DeliveryView(shown(found.delivery, DeliveryFields), attempts)


def redelivered_view(delivery: Delivery) -> RedeliveredView:
    return RedeliveredView(shown(delivery, DeliveryFields))


def _event_fields(event: Event) -> EventFields:
    return EventFields(
        id=event.id,
        partner=event.partner,
        event_type=event.event_type,
        payload=Raw(event.payload.encode()),
        idempotency_key=event.idempotency_key,
        unrouted=event.unrouted,
        created_at=rfc3339_micros(event.created_at),
    )


def _deliveries(deliveries: list[Delivery]) -> tuple[DeliveryFields, ...]:
    return tuple(shown(delivery, DeliveryFields) for delivery in deliveries)


def _spelt(name: str, value: Any) -> Any:  # noqa: ANN401 - any field of a noun
    return rfc3339_micros(value) if name.endswith("_at") and value is not None else value
