"""The HTTP server inside our own loop.

Owns the listening sockets and a stop that ends. Of uvicorn it takes the protocol and leaves its runner: that one
takes the signals, and waits for ever for a client that does not leave.
"""

import asyncio
import logging
import os
import socket

from litestar.types import ASGIApp
from uvicorn.config import Config
from uvicorn.server import ServerState

from tidings.errors import Misconfigured
from tidings.web.protocol import BoundedProtocol

STOPPING = "tidings.stopping"
"""Where a request finds, in the state of its scope, the event that tells it that the server stops."""
_KEEP_ALIVE = 30
_BACKLOG = 2048


def _spelt(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _reason(error: OSError) -> str:
    # The loop's own text repeats the address.
    if error.errno is None or isinstance(error, socket.gaierror):
        return (error.strerror or "it cannot be resolved").lower()
    return os.strerror(error.errno).lower()


class HttpServer:
    """Serves one application on one address."""

    def __init__(self, app: ASGIApp) -> None:
        self._config = Config(
            app,
            http=BoundedProtocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            proxy_headers=False,
            server_header=False,
            date_header=False,
            access_log=False,
            log_config=None,
            timeout_keep_alive=_KEEP_ALIVE,
        )
        self._state = ServerState()
        self._stopping = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port that was bound. Raises Misconfigured when that cannot be."""
        # What uvicorn says in free text, it may say with a caller's bytes in it; what matters we tell ourselves.
        logging.getLogger("uvicorn.error").disabled = True
        self._config.load()
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._protocol, host, port, backlog=_BACKLOG)
        except OSError as error:
            raise Misconfigured(f"cannot listen on {_spelt(host)}:{port}: {_reason(error)}") from error
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self, grace: float) -> None:
        """Accept no more, let answers in progress end within ``grace`` seconds, then close what is left."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        self._stopping.set()
        for connection in list(self._state.connections):
            connection.shutdown()
        await self._quiet(grace)
        tasks = list(self._state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in list(self._state.connections):
            connection.transport.abort()

    async def _quiet(self, grace: float) -> None:
        try:
            async with asyncio.timeout(grace):
                while self._state.tasks:
                    await asyncio.wait(set(self._state.tasks))
        except TimeoutError:
            return

    def _protocol(self) -> BoundedProtocol:
        return BoundedProtocol(self._config, self._state, {STOPPING: self._stopping}, asyncio.get_running_loop())
