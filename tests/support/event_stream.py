"""A reader of server-sent events, on a connection of its own."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from support.partner_client import spelled

DEADLINE = 20.0


@dataclass(frozen=True)
class Streamed:
    """One message of a stream."""

    event: str
    data: Any


class Stream:
    """An answer that goes on; ``head`` is its status line and headers in lower case."""

    def __init__(self, reader: asyncio.StreamReader, head: str) -> None:
        self._reader = reader
        self.head = head

    async def next(self) -> Streamed | None:
        """Return the next message, comments left out; None when the stream has ended."""
        async with asyncio.timeout(DEADLINE):
            while True:
                block = await self._block()
                if block is None:
                    return None
                fields = dict(line.split(": ", 1) for line in block.splitlines() if line and line[0] != ":")
                if fields:
                    return Streamed(fields["event"], json.loads(fields["data"]))

    async def begun(self) -> None:
        """Wait for the first comment: from then on, whatever ends is told."""
        async with asyncio.timeout(DEADLINE):
            assert await self._block() == ": still here\n\n"

    async def _block(self) -> str | None:
        found = ""
        while not found.endswith("\n\n"):
            line = (await self._reader.readline()).decode()
            if not line or line == "0\r\n":
                return None
            # The sizes of chunks are of no interest: messages are lines.
            if not line.endswith("\r\n"):
                found += line
        return found


@asynccontextmanager
async def streamed(port: int, target: str, token: str) -> AsyncIterator[Stream]:
    """Ask for a stream and leave it at the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(spelled("GET", target, headers=[("Authorization", f"Bearer {token}")]))
        async with asyncio.timeout(DEADLINE):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        yield Stream(reader, head)
    finally:
        writer.transport.abort()
