"""The partner's webhooks and deliveries. Every question and every act carries the partner of the session."""

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec.structs import replace

from tidings.actions import browsing, partners, redelivery, test_calls, webhooks
from tidings.actions.sent_requests import request_of
from tidings.actions.test_calls import TestReport
from tidings.actions.webhooks import Change
from tidings.core.catalogue import EVENT_TYPES
from tidings.core.model import State
from tidings.web.pages.filters import DELIVERY_FIELDS, delivery_filter
from tidings.web.pages.listing import listing
from tidings.web.pages.what_is_next import what_is_next
from tidings.web.portal.access import PREFIX, Acting, Visit, Visiting

PAGE = 50
NEWEST = 10
_WEBHOOK = f"{PREFIX}/webhooks/{{webhook_id:str}}"
_DELIVERY = f"{PREFIX}/deliveries/{{delivery_id:str}}"
_FIELDS = tuple(name for name in DELIVERY_FIELDS if name != "partner")


@get(PREFIX)
async def show_home(visit: Visiting) -> Response[bytes]:
    return await _home(visit)


@get(f"{PREFIX}/deliveries")
async def list_deliveries(visit: Visiting) -> Response[bytes]:
    place = listing(visit.query, _FIELDS)
    wanted = replace(delivery_filter(place), partner=visit.partner)
    found = await browsing.list_deliveries(visit.ctx, wanted, limit=PAGE, cursor=place.before)
    return visit.page("own_deliveries.html", place=place, found=found, states=list(State), event_types=EVENT_TYPES)


@get(_DELIVERY)
async def show_delivery(visit: Visiting, delivery_id: FromPath[str]) -> Response[bytes]:
    found = await browsing.show_own_delivery(visit.ctx, visit.partner, delivery_id)
    requests = [request_of(visit.ctx, found.delivery, found.event.payload, attempt) for attempt in found.attempts]
    return visit.page(
        "own_delivery.html",
        delivery=found.delivery,
        event=found.event,
        attempts=list(zip(found.attempts, requests, strict=True)),
        next=what_is_next(found.delivery, found.attempts, visit.ctx.limits.schedule),
    )


@post(f"{_DELIVERY}/redeliver")
async def redeliver(act: Acting, delivery_id: FromPath[str]) -> Response[bytes]:
    made = await redelivery.redeliver_own(act.ctx, act.partner, delivery_id)
    return act.see(f"{PREFIX}/deliveries/{made.id}")


@post(f"{_WEBHOOK}/test")
async def test(act: Acting, webhook_id: FromPath[str]) -> Response[bytes]:
    return await _home(act, await test_calls.test(act.ctx, act.partner, webhook_id))


@post(f"{_WEBHOOK}/enable")
async def enable(act: Acting, webhook_id: FromPath[str]) -> Response[bytes]:
    await webhooks.update(act.ctx, act.partner, webhook_id, Change(enabled=True))
    return act.see(PREFIX)


@post(f"{_WEBHOOK}/disable")
async def disable(act: Acting, webhook_id: FromPath[str]) -> Response[bytes]:
    await webhooks.update(act.ctx, act.partner, webhook_id, Change(enabled=False))
    return act.see(PREFIX)


@post(f"{_WEBHOOK}/events")
async def choose_events(act: Acting, webhook_id: FromPath[str]) -> Response[bytes]:
    await webhooks.update(act.ctx, act.partner, webhook_id, Change(events=tuple(act.form.all("event"))))
    return act.see(PREFIX)


async def _home(visit: Visit, report: TestReport | None = None) -> Response[bytes]:
    own = await partners.show(visit.ctx, visit.partner)
    wanted = browsing.DeliveryFilter(partner=visit.partner)
    newest = await browsing.list_deliveries(visit.ctx, wanted, limit=NEWEST, cursor=None)
    return visit.page(
        "portal.html",
        partner=own.partner,
        webhooks=own.webhooks,
        deliveries=newest.deliveries,
        event_types=EVENT_TYPES,
        report=report,
    )


HANDLERS = (show_home, list_deliveries, show_delivery, redeliver, test, enable, disable, choose_events)
