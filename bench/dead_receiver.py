"""Receivers that are of no use: one that takes every request and never answers, one that answers 500.

Is told where, and goes on until its input is closed: ``{"certificate", "host", "silent": port, "failing": port}``.
"""

import asyncio
import json
import ssl
import sys
from pathlib import Path
from typing import cast

from bench.client import run_and_end

_FAILED = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"


class Silent(asyncio.Protocol):
    """Reads, and says nothing."""


class Failing(asyncio.Protocol):
    """Answers each request with 500, once its body has come (a request of the service is one or two pieces)."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._held = b""

    def data_received(self, data: bytes) -> None:
        self._held += data
        if self._held.endswith(b"}"):
            self._held = b""
            self._transport.write(_FAILED)


async def _main() -> None:
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    place = json.loads(await orders.readline())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(place["certificate"]))
    for name, kind in (("silent", Silent), ("failing", Failing)):
        await loop.create_server(kind, place["host"], place[name], ssl=context, backlog=4096)
    print(json.dumps({}), flush=True)
    await orders.read()


if __name__ == "__main__":
    run_and_end(_main())
