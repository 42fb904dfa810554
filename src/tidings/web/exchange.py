"""One request and its answer on the wire.

Owns the trace id that every answer carries, and the end of an answer that was given before the body was read: the
connection closes, but only after the rest was thrown away, since a reset would take the answer back. Refuses to read
on for ever.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeAlias

from litestar.types import Receive, Scope, Send

from tidings.checkpoints import Checkpoint, passing
from tidings.web.raw import has_body

LINGER = 2.0
"""Seconds for which the rest of an unread body is thrown away."""
LINGER_BYTES = 8 * 1024 * 1024

_Message: TypeAlias = Any


class Exchange:
    """Stands between the server and an application for one request."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, *, trace_id: str, answered: Callable[[int], None]
    ) -> None:
        """``answered`` is told the status once the answer has gone out."""
        self._answered = answered
        self._status = 0
        self._receive = receive
        self._send = send
        self._trace_header = (b"x-trace-id", trace_id.encode("ascii"))
        self._unread = has_body(scope)

    async def receive(self) -> _Message:
        message: _Message = await self._receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            self._unread = False
        return message

    async def send(self, message: _Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            await self._send(self._marked(message))
            return
        is_last = not message.get("more_body", False)
        if is_last and self._unread:
            await self._send_and_linger(message)
        else:
            await self._send(message)
        if is_last:
            self._answered(self._status)
            passing(Checkpoint.ANSWERED)

    def _marked(self, start: _Message) -> Any:  # noqa: ANN401 - a message of ASGI
        headers = [*start.get("headers", ()), self._trace_header]
        if self._unread:
            headers.append((b"connection", b"close"))
        return {**start, "headers": headers}

    async def _send_and_linger(self, last: _Message) -> None:
        announced: _Message = {**last, "more_body": True}
        await self._send(announced)
        try:
            async with asyncio.timeout(LINGER):
                await self._throw_away_the_rest()
        except TimeoutError:
            pass
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _throw_away_the_rest(self) -> None:
        thrown = 0
        while self._unread and thrown < LINGER_BYTES:
            message = await self.receive()
            thrown += len(message.get("body", b""))
