"""Sending many again: choose, count, begin, watch, cancel."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from tidings.actions import bulk_redelivery
from tidings.actions.bulk_redelivery import MOST_PER_SECOND, USUAL_PER_SECOND, Selection
from tidings.core.catalogue import EVENT_TYPES
from tidings.core.delivery import ENDED
from tidings.core.model import State
from tidings.errors import InvalidArgument
from tidings.web.console.access import PREFIX, Acting, Visiting
from tidings.web.pages.filters import delivery_filter
from tidings.web.pages.listing import Listing, listing

PAGE = 50
FIELDS = ("partner", "webhook", "event_type", "state", "since", "until")
_ALL = f"{PREFIX}/redeliveries"


@get(_ALL)
async def list_redeliveries(visit: Visiting) -> Response[bytes]:
    place = listing(visit.query)
    found = await bulk_redelivery.list_redeliveries(visit.ctx, limit=PAGE, cursor=place.before)
    return visit.page("redeliveries.html", place=place, found=found, choice=Listing({}), **_choices())


@get(f"{_ALL}/new")
async def preview(visit: Visiting) -> Response[bytes]:
    choice = listing(visit.query, FIELDS)
    count = bulk_redelivery.preview if visit.query.one("count") == "all" else bulk_redelivery.glance
    counted = await count(visit.ctx, _selection(choice))
    return visit.page("redelivery_preview.html", choice=choice, counted=counted, **_choices())


@post(_ALL)
async def start(act: Acting) -> Response[bytes]:
    made = await bulk_redelivery.start(act.ctx, _selection(listing(act.form, FIELDS)), rate=_rate(act.form.one("rate")))
    return act.see(f"{_ALL}/{made.id}")


@get(f"{_ALL}/{{redelivery_id:str}}")
async def show_redelivery(visit: Visiting, redelivery_id: FromPath[str]) -> Response[bytes]:
    return visit.page("redelivery.html", job=await bulk_redelivery.show(visit.ctx, redelivery_id))


@post(f"{_ALL}/{{redelivery_id:str}}/cancel")
async def cancel(act: Acting, redelivery_id: FromPath[str]) -> Response[bytes]:
    ended = await bulk_redelivery.cancel(act.ctx, redelivery_id)
    return act.see(f"{_ALL}/{ended.id}")


def _selection(choice: Listing) -> Selection:
    wanted = delivery_filter(choice)
    return Selection(
        partner=wanted.partner,
        webhook=wanted.webhook,
        event_type=wanted.event_type,
        state=State.FAILED if wanted.state is None else wanted.state,
        since=wanted.since,
        until=wanted.until,
    )


def _rate(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise InvalidArgument("rate", f"must be a number from 1 to {MOST_PER_SECOND}")
    return int(text[: len(str(MOST_PER_SECOND)) + 1])


def _choices() -> dict[str, Any]:
    ended = [state for state in State if state in ENDED]
    return {"states": ended, "event_types": EVENT_TYPES, "usual_rate": USUAL_PER_SECOND, "most": MOST_PER_SECOND}


HANDLERS = (list_redeliveries, preview, start, show_redelivery, cancel)
