"""Looking at what was published and what became of it."""

import re
from functools import partial

from msgspec import Struct
from sqlalchemy import Connection

from tidings.actions.context import Context
from tidings.actions.cursors import check_cursor
from tidings.core.model import Attempt, Delivery, Event, EventSummary
from tidings.errors import InvalidArgument, NotFound
from tidings.store import attempts, browsing, event_lists, events
from tidings.store.delivery_filter import DeliveryFilter
from tidings.store.event_lists import EventFilter, UnroutedBy

_DELIVERY = re.compile(r"dlv_[0-9a-z]{26}")
_EVENT = re.compile(r"evt_[0-9a-z]{26}")


class EventView(Struct, frozen=True):
    """An event and all its deliveries, redeliveries included."""

    event: Event
    deliveries: list[Delivery]


class DeliveryView(Struct, frozen=True):
    """A delivery and its attempts, first one first."""

    delivery: Delivery
    attempts: list[Attempt]


class OwnDeliveryView(Struct, frozen=True):
    """A partner's delivery with its attempts and its event."""

    delivery: Delivery
    attempts: list[Attempt]
    event: Event


class EventPage(Struct, frozen=True):
    """Events, newest first. A page may be short, or empty: only ``next_cursor`` tells whether there are more."""

    events: list[EventSummary]
    next_cursor: str | None


class Page(Struct, frozen=True):
    """Deliveries, newest first. A page may be short, or empty: only ``next_cursor`` tells whether there are more."""

    deliveries: list[Delivery]
    next_cursor: str | None


async def show_event(ctx: Context, event: str) -> EventView:
    """Raise NotFound for an id that no event has."""
    return await ctx.store.read(partial(_event_view, name=event))


async def list_events(ctx: Context, wanted: EventFilter, *, limit: int, cursor: str | None) -> EventPage:
    """Return a page of at most ``limit`` events.

    Raises InvalidArgument for a cursor that no page has given, and for an idempotency key without its partner.
    """
    if wanted.idempotency_key is not None and wanted.partner is None:
        raise InvalidArgument("idempotency_key", "is a partner's own: say which partner's")
    check_cursor(cursor, _EVENT)
    found = await ctx.store.read(partial(event_lists.page, wanted=wanted, before=cursor, limit=limit))
    return EventPage(found.rows, found.goes_on)


async def show_delivery(ctx: Context, delivery: str) -> DeliveryView:
    """Raise NotFound for an id that no delivery has."""
    return await ctx.store.read(partial(_delivery_view, name=delivery))


async def show_own_delivery(ctx: Context, partner: str, delivery: str) -> OwnDeliveryView:
    """Raise NotFound for an id that no delivery of this partner has."""
    return await ctx.store.read(partial(_own_delivery_view, partner=partner, name=delivery))


async def list_deliveries(ctx: Context, wanted: DeliveryFilter, *, limit: int, cursor: str | None) -> Page:
    """Return a page of at most ``limit`` deliveries. Raises InvalidArgument for a cursor that no page has given."""
    check_cursor(cursor, _DELIVERY)
    found = await ctx.store.read(partial(browsing.page, wanted=wanted, before=cursor, limit=limit))
    return Page(found.rows, found.goes_on)


def _event_view(connection: Connection, name: str) -> EventView:
    event = events.get(connection, name)
    if event is None:
        raise NotFound("event", name)
    return EventView(event, browsing.of_event(connection, name))


def _delivery_view(connection: Connection, name: str) -> DeliveryView:
    delivery = browsing.get(connection, name)
    if delivery is None:
        raise NotFound("delivery", name)
    return DeliveryView(delivery, attempts.of_delivery(connection, name))


def _own_delivery_view(connection: Connection, *, partner: str, name: str) -> OwnDeliveryView:
    delivery = browsing.get_own(connection, partner, name)
    event = None if delivery is None else events.get_own(connection, partner, delivery.event)
    if delivery is None or event is None:
        raise NotFound("delivery", name)
    return OwnDeliveryView(delivery, attempts.of_delivery(connection, name), event)


__all__ = [
    "DeliveryFilter",
    "DeliveryView",
    "EventFilter",
    "EventPage",
    "EventView",
    "OwnDeliveryView",
    "Page",
    "UnroutedBy",
    "list_deliveries",
    "list_events",
    "show_delivery",
    "show_event",
    "show_own_delivery",
]
