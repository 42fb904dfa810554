"""Deliveries: the list, one of them with its attempts, and sending it again."""

from litestar import Response, get, post
from litestar.params import FromPath

from tidings.actions import browsing, redelivery
from tidings.actions.sent_requests import request_of
from tidings.core.catalogue import EVENT_TYPES
from tidings.core.model import State
from tidings.web.console.access import PREFIX, Acting, Visiting
from tidings.web.console.live import can_follow
from tidings.web.pages.filters import DELIVERY_FIELDS, delivery_filter
from tidings.web.pages.listing import listing
from tidings.web.pages.what_is_next import what_is_next

PAGE = 50


@get(f"{PREFIX}/deliveries")
async def list_deliveries(visit: Visiting) -> Response[bytes]:
    place = listing(visit.query, DELIVERY_FIELDS)
    found = await browsing.list_deliveries(visit.ctx, delivery_filter(place), limit=PAGE, cursor=place.before)
    return visit.page(
        "deliveries.html",
        place=place,
        found=found,
        followed=can_follow(place),
        states=list(State),
        event_types=EVENT_TYPES,
    )


@get(f"{PREFIX}/deliveries/{{delivery_id:str}}")
async def show_delivery(visit: Visiting, delivery_id: FromPath[str]) -> Response[bytes]:
    found = await browsing.show_delivery(visit.ctx, delivery_id)
    event = (await browsing.show_event(visit.ctx, found.delivery.event)).event
    requests = [request_of(visit.ctx, found.delivery, event.payload, attempt) for attempt in found.attempts]
    return visit.page(
        "delivery.html",
        delivery=found.delivery,
        event=event,
        attempts=list(zip(found.attempts, requests, strict=True)),
        next=what_is_next(found.delivery, found.attempts, visit.ctx.limits.schedule),
    )


@post(f"{PREFIX}/deliveries/{{delivery_id:str}}/redeliver")
async def redeliver(act: Acting, delivery_id: FromPath[str]) -> Response[bytes]:
    made = await redelivery.redeliver(act.ctx, delivery_id)
    return act.see(f"{PREFIX}/deliveries/{made.id}?done=redelivered")


HANDLERS = (list_deliveries, show_delivery, redeliver)
