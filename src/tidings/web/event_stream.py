"""Server-sent events: an answer that goes on until somebody ends it.

Owns its ends: the reader leaves, the reader does not take what it is sent, or the service stops. Keeps one message at a
time for a reader, and no queue: whoever reads slowly is sent less, not later.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

import msgspec
from litestar.types import Receive, Scope, Send

from tidings.web.server import STOPPING

EVENT_STREAM = "text/event-stream"
_PATIENCE_S = 5.0
"""How long a reader may take to accept a message."""
_FAREWELL_S = 0.5
_HEADERS = (
    (b"content-type", EVENT_STREAM.encode("ascii")),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    # A proxy that gathers an answer before it passes it on would make it anything but live.
    (b"x-accel-buffering", b"no"),
)
STILL_HERE = b": still here\n\n"


def message(event: str, data: object) -> bytes:
    """Spell one event. JSON has no line breaks, so one line of data is enough."""
    return b"event: %b\ndata: %b\n\n" % (event.encode("ascii"), msgspec.json.encode(data))


class EventStream:
    """An ASGI application that sends ``messages``."""

    def __init__(self, messages: AsyncGenerator[bytes, None]) -> None:
        self._messages = messages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Any = {"type": "http.response.start", "status": 200, "headers": list(_HEADERS)}
        await send(start)
        stopping: asyncio.Event = scope["state"][STOPPING]
        ends = [asyncio.ensure_future(each) for each in (self._send_all(send), _reader_gone(receive), stopping.wait())]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
            results = await asyncio.gather(*ends, return_exceptions=True)
        if isinstance(results[0], Exception):
            raise results[0]
        with suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_all(self, send: Send) -> None:
        async with aclosing(self._messages) as messages:
            async for one in messages:
                try:
                    async with asyncio.timeout(_PATIENCE_S):
                        await send({"type": "http.response.body", "body": one, "more_body": True})
                except TimeoutError:
                    return


async def _reader_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
