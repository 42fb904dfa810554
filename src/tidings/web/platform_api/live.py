"""Attempts as they end: parse, listen, render."""

import asyncio
from collections.abc import AsyncGenerator
from itertools import count

from litestar import get
from litestar.types import ASGIApp
from msgspec import Struct

from tidings.actions import tokens
from tidings.actions.context import Context
from tidings.actions.live import PERIOD_S, EndedEntry, EndedFilter, Listener
from tidings.core.instants import MILLISECOND, rfc3339_micros
from tidings.core.model import State
from tidings.errors import RateLimited, Unavailable
from tidings.web.api import Ctx, HttpRequest
from tidings.web.event_stream import EVENT_STREAM, STILL_HERE, EventStream, message
from tidings.web.openapi import Operation
from tidings.web.platform_api.queries import LiveQuery, live_query
from tidings.web.platform_api.refusals import ALWAYS

MOST_LISTENERS = 100
"""Streams that one process serves at once."""
MOST_TOLD = 250
"""Attempts that are told at once: a thousand a second is more than anybody follows, and no load on who delivers."""
_QUIET_S = 10.0
_TRY_AGAIN_S = 5
_ROUNDS_OF_QUIET = int(_QUIET_S / PERIOD_S)
ROUNDS_OF_TRUST = int(5 / PERIOD_S)
"""How often it is asked whether the token still lives."""


class EndedAttemptFields(Struct, frozen=True, kw_only=True):
    """The data of an ``attempt`` event: an attempt that ended, and the state that its delivery is in since then.

    latency_ms: from published to delivered. An event ``missed`` tells that others were not told, ``unavailable`` that
    the database does not answer at the moment; both have empty objects as data.
    """

    delivery: str
    event: str
    event_type: str
    webhook: str
    partner: str
    number: int
    outcome: str
    http_status: int | None
    duration_ms: int | None
    state: State
    ended_at: str
    latency_ms: float | None


def ended_attempt(entry: EndedEntry) -> EndedAttemptFields:
    return EndedAttemptFields(
        delivery=entry.delivery,
        event=entry.event,
        event_type=entry.event_type,
        webhook=entry.webhook,
        partner=entry.partner,
        number=entry.number,
        outcome=entry.outcome,
        http_status=entry.http_status,
        duration_ms=entry.duration_ms,
        state=entry.state,
        ended_at=rfc3339_micros(entry.ended_at),
        latency_ms=None if entry.latency is None else entry.latency / MILLISECOND,
    )


class Listeners:
    """Counts those who listen."""

    def __init__(self) -> None:
        self._count = 0

    def admit(self) -> None:
        """Raise RateLimited when there are as many as one process serves."""
        if self._count >= MOST_LISTENERS:
            raise RateLimited(_TRY_AGAIN_S)

    async def messages(self, ctx: Context, wanted: EndedFilter) -> AsyncGenerator[bytes, None]:
        """Yield what one of them is sent."""
        self._count += 1
        try:
            listener, quiet = Listener(ctx, wanted, most=MOST_TOLD), 0
            for turn in count(1):
                if turn % ROUNDS_OF_TRUST == 0 and not await _is_admitted(ctx):
                    return
                told = await _told(listener)
                quiet = 0 if told else quiet + 1
                if told or quiet % _ROUNDS_OF_QUIET == 1:
                    yield told or STILL_HERE
                await asyncio.sleep(PERIOD_S)
        finally:
            self._count -= 1


async def _is_admitted(ctx: Context) -> bool:
    """Tell whether whoever listens would be let in again: a stream goes on for longer than a token may live."""
    try:
        return ctx.actor is not None and await tokens.is_living(ctx, ctx.actor.name)
    except Unavailable:
        return True


async def _told(listener: Listener) -> bytes:
    try:
        heard = await listener.hear()
    except Unavailable:
        return message("unavailable", {})
    missed = [message("missed", {})] if heard.missed else []
    return b"".join([*missed, *(message("attempt", ended_attempt(entry)) for entry in heard.attempts)])


_listeners = Listeners()


@get("/platform/v1/attempts/live", media_type=EVENT_STREAM)
async def live_attempts(ctx: Ctx, request: HttpRequest) -> ASGIApp:
    wanted = live_query(request.scope).filter()
    _listeners.admit()
    return EventStream(_listeners.messages(ctx, wanted))


HANDLERS = (live_attempts,)
OPERATIONS = (
    Operation(
        method="get",
        path="/platform/v1/attempts/live",
        id="live_attempts",
        summary="Watch attempts end, those of all processes: server-sent events until one side leaves.",
        answer=EndedAttemptFields,
        media_type=EVENT_STREAM,
        query=LiveQuery,
        errors=ALWAYS | {400, 429},
    ),
)
