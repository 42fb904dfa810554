"""The live tail: attempts as they end, as rows of the list of deliveries.

Owns how much of it a person can follow: at most so many rows at once, and a stream that ends after some minutes, so
that a browser which goes on with it shows again that it may.
"""

import asyncio
from collections.abc import AsyncGenerator

from litestar import get
from litestar.types import ASGIApp
from msgspec import Struct

from tidings.actions import sessions
from tidings.actions.live import PERIOD_S, EndedEntry, EndedFilter, Listener
from tidings.errors import RateLimited, Unauthenticated, Unavailable
from tidings.web.console.access import PREFIX, Visit, Visiting
from tidings.web.event_stream import EVENT_STREAM, STILL_HERE, EventStream, message
from tidings.web.pages.filters import DELIVERY_FIELDS, delivery_filter
from tidings.web.pages.listing import Listing, listing

MOST_WATCHERS = 50
"""Tails that one process serves at once."""
MOST_ROWS = 20
_ROUNDS = round(300 / PERIOD_S)
_ROUNDS_OF_QUIET = round(10 / PERIOD_S)
ROUNDS_OF_TRUST = round(5 / PERIOD_S)
"""How often it is asked whether the session still lives."""
_TRY_AGAIN_S = 5
_FOLLOWED = frozenset({"partner", "webhook", "event_type", "state"})


class Rows(Struct, frozen=True):
    """What a message holds: rows of the table, the newest first, and how many more there were."""

    html: str
    more: int


class Watchers:
    """Counts those who watch."""

    def __init__(self) -> None:
        self._count = 0

    def admit(self) -> None:
        """Raise RateLimited when there are as many as one process serves."""
        if self._count >= MOST_WATCHERS:
            raise RateLimited(_TRY_AGAIN_S)

    async def messages(self, visit: Visit, wanted: EndedFilter) -> AsyncGenerator[bytes, None]:
        """Yield what one of them is sent."""
        self._count += 1
        try:
            listener = Listener(visit.ctx, wanted)
            for turn in range(_ROUNDS):
                if turn and turn % ROUNDS_OF_TRUST == 0 and not await _is_admitted(visit):
                    return
                ended = await _heard(listener)
                if ended:
                    yield message("rows", _rows(visit, ended))
                elif turn % _ROUNDS_OF_QUIET == 0:
                    yield STILL_HERE
                await asyncio.sleep(PERIOD_S)
        finally:
            self._count -= 1


def can_follow(place: Listing) -> bool:
    """Tell whether the list at ``place`` is one whose newest rows can be followed."""
    return place.is_first and not set(place.given) - _FOLLOWED


async def _is_admitted(visit: Visit) -> bool:
    """Tell whether whoever watches is still logged in: a disabled operator is out, and sees no more rows either."""
    try:
        await sessions.resume(visit.ctx, visit.session.token, is_used=False)
    except Unauthenticated:
        return False
    except Unavailable:
        return True
    return True


async def _heard(listener: Listener) -> list[EndedEntry]:
    try:
        return (await listener.hear()).attempts
    except Unavailable:
        return []


def _rows(visit: Visit, ended: list[EndedEntry]) -> Rows:
    # Of a delivery that ended two attempts meanwhile, the last one is told.
    newest = list({entry.delivery: entry for entry in ended}.values())[::-1]
    html = visit.site.pages.render("live_rows.html", entries=newest[:MOST_ROWS])
    return Rows(html, max(0, len(newest) - MOST_ROWS))


_watchers = Watchers()


@get(f"{PREFIX}/live", media_type=EVENT_STREAM)
async def follow(visit: Visiting) -> ASGIApp:
    wanted = delivery_filter(listing(visit.query, DELIVERY_FIELDS))
    _watchers.admit()
    followed = EndedFilter(
        partner=wanted.partner, webhook=wanted.webhook, event_type=wanted.event_type, state=wanted.state
    )
    return EventStream(_watchers.messages(visit, followed))


HANDLERS = (follow,)
