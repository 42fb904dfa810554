"""Events: the list, those that reached nobody included, and one of them with its payload and deliveries."""

from litestar import Response, get
from litestar.params import FromPath

from tidings.actions import browsing
from tidings.actions.browsing import UnroutedBy
from tidings.core.catalogue import EVENT_TYPES
from tidings.web.console.access import PREFIX, Visiting
from tidings.web.pages.filters import EVENT_FIELDS, event_filter
from tidings.web.pages.listing import listing

PAGE = 50


@get(f"{PREFIX}/events")
async def list_events(visit: Visiting) -> Response[bytes]:
    place = listing(visit.query, EVENT_FIELDS)
    found = await browsing.list_events(visit.ctx, event_filter(place), limit=PAGE, cursor=place.before)
    return visit.page("events.html", place=place, found=found, event_types=EVENT_TYPES, unrouted=list(UnroutedBy))


@get(f"{PREFIX}/events/{{event_id:str}}")
async def show_event(visit: Visiting, event_id: FromPath[str]) -> Response[bytes]:
    found = await browsing.show_event(visit.ctx, event_id)
    return visit.page("event.html", event=found.event, deliveries=found.deliveries)


HANDLERS = (list_events, show_event)
