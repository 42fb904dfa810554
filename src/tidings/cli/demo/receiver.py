"""A partner's HTTPS receiver: it remembers every request and answers 200, or 500 where it was told to.

Owns as much of HTTP as a webhook needs. Refuses to judge signatures: the story does, with the receiver library.
"""

import asyncio
import contextlib
import ssl
from collections import Counter
from collections.abc import Mapping
from typing import Self

from msgspec import Struct

_ANSWERS = {
    200: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK",
    500: b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\n\r\nLater",
}
_MOST_HEADER_BYTES = 16_384


class Received(Struct, frozen=True):
    """One request, and the status that it was answered with. Names of headers are in lower case."""

    headers: Mapping[str, str]
    body: bytes
    status: int

    @property
    def signature(self) -> str:
        return self.headers.get("x-signature", "")


class Receiver:
    """Listens on 127.0.0.1."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._refusals: Counter[bytes] = Counter()
        self._server: asyncio.Server | None = None
        self.received: list[Received] = []
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, ssl=self._context, limit=_MOST_HEADER_BYTES
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()

    def refuse(self, body: bytes, times: int) -> None:
        """Answer the next so many requests with exactly this body with 500."""
        self._refusals[body] = times

    def of(self, body: bytes) -> list[Received]:
        """The requests with exactly this body, in the order of their arrival."""
        return [request for request in self.received if request.body == body]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The service closes its connections as it likes, in the middle of a read too.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while True:
                headers = _headers(await reader.readuntil(b"\r\n\r\n"))
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                status = self._judge(body)
                self.received.append(Received(headers, body, status))
                writer.write(_ANSWERS[status])
                await writer.drain()
        writer.close()

    def _judge(self, body: bytes) -> int:
        if self._refusals[body] <= 0:
            return 200
        self._refusals[body] -= 1
        return 500


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines if line)
    return {name.lower(): value.strip() for name, _, value in pairs}
