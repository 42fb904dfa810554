"""Looking at what was published and what became of it."""

import re
from functools import partial

from msgspec import Struct
from sqlalchemy import Connection

from tidings.actions.context import Context
from tidings.core.model import Attempt, Delivery, Event
from tidings.errors import InvalidArgument, NotFound
from tidings.store import attempts, browsing, events
from tidings.store.browsing import DeliveryFilter

_CURSOR = re.compile(r"dlv_[0-9a-z]{26}")


class EventView(Struct, frozen=True):
    """An event and all its deliveries, redeliveries included."""

    event: Event
    deliveries: list[Delivery]


class DeliveryView(Struct, frozen=True):
    """A delivery and its attempts, first one first."""

    delivery: Delivery
    attempts: list[Attempt]


class Page(Struct, frozen=True):
    """Deliveries, newest first; ``next_cursor`` is None on the last page."""

    deliveries: list[Delivery]
    next_cursor: str | None


async def show_event(ctx: Context, event: str) -> EventView:
    """Raise NotFound for an id that no event has."""
    return await ctx.store.read(partial(_event_view, name=event))


async def show_delivery(ctx: Context, delivery: str) -> DeliveryView:
    """Raise NotFound for an id that no delivery has."""
    return await ctx.store.read(partial(_delivery_view, name=delivery))


async def list_deliveries(ctx: Context, wanted: DeliveryFilter, *, limit: int, cursor: str | None) -> Page:
    """Return a page of at most ``limit`` deliveries. Raises InvalidArgument for a cursor that no page has given."""
    if cursor is not None and not _CURSOR.fullmatch(cursor):
        raise InvalidArgument("cursor", "is not a cursor of this list; take next_cursor of the page before")
    # One more than asked tells whether there is a next page.
    found = await ctx.store.read(partial(browsing.page, wanted=wanted, before=cursor, limit=limit + 1))
    rest = len(found) > limit
    return Page(found[:limit], found[limit - 1].id if rest else None)


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


__all__ = [
    "DeliveryFilter",
    "DeliveryView",
    "EventView",
    "Page",
    "list_deliveries",
    "show_delivery",
    "show_event",
]
