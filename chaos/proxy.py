"""A TCP proxy before PostgreSQL that cuts a connection in the middle of its COMMIT.

Owns the cutting: before the server has seen the COMMIT, or after it has answered and nobody was told, in turns.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_COMMIT = b"COMMIT"
_PIECE = 65536
_ANSWERED_WITHIN_S = 5.0


class Proxy:
    """Relays to the server until told to cut. ``cuts`` counts the connections cut."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._to_cut = 0
        self._talks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()
        self.cuts = 0
        self.port = 0

    def cut_next(self, count: int) -> None:
        """Cut the next ``count`` connections that commit."""
        self._to_cut += count

    async def until_cut(self, total: int, *, within: float = 30) -> None:
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: self.cuts >= total), within)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        try:
            with suppress(OSError):
                await self._relay(reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            self._talks.discard(talk)
            writer.transport.abort()

    def close(self) -> None:
        for talk in self._talks:
            talk.cancel()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
        back = asyncio.create_task(_pump(from_server, writer))
        try:
            while piece := await reader.read(_PIECE):
                if self._to_cut and _COMMIT in piece:
                    await self._cut(piece, back, (from_server, to_server))
                    return
                to_server.write(piece)
                await to_server.drain()
        finally:
            back.cancel()
            to_server.transport.abort()

    async def _cut(
        self, piece: bytes, back: "asyncio.Task[None]", server: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    ) -> None:
        self._to_cut -= 1
        if self.cuts % 2:
            # The server commits, and the one who asked for it never learns.
            back.cancel()
            await asyncio.gather(back, return_exceptions=True)
            server[1].write(piece)
            await asyncio.wait_for(server[0].read(_PIECE), _ANSWERED_WITHIN_S)
        async with self._changed:
            self.cuts += 1
            self._changed.notify_all()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
    writer.transport.abort()


@asynccontextmanager
async def proxy_before(server_port: int) -> AsyncIterator[Proxy]:
    made = Proxy(server_port)
    listening = await asyncio.start_server(made.accept, "127.0.0.1", 0)
    made.port = listening.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        listening.close()
        made.close()
