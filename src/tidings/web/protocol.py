"""The HTTP/1.1 protocol of the server, within bounds.

Owns the size of a request's head, the time for it, and the number of connections. Keeps the raw target for the
signature. Refuses what is beyond: such a caller gets the server's plain 400, or nothing.
"""

import asyncio
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from tidings.web.raw import TARGET

HEAD_DEADLINE = 10.0
"""Seconds from the first byte of a head, or from connecting, to its end."""
MOST_HEAD = 64 * 1024
MOST_CONNECTIONS = 4096


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.access_log = False
        self._head = 0
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
            return
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        was_in_head = self._head_timer is not None
        super().data_received(data)
        if self.transport.is_closing():
            self._stop_timer()
        elif self._head_timer is not None:
            if was_in_head:
                self._count(len(data))
        elif self._is_idle():
            # Blank lines between two requests begin none, but have stopped the timer of an idle connection.
            self._start_timer()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head = 0
        if self._head_timer is None:
            self._start_timer()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head += len(name) + len(value)
        if self._head > MOST_HEAD:
            # The parser takes it for a broken request and answers 400.
            raise ValueError("the head is too large")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._stop_timer()
        if self.parser.should_upgrade() and self._announces_a_body():
            # The parser would skip the body and take it for the next request.
            raise ValueError("a request that wants another protocol has no body")
        cast("dict[str, Any]", self.scope)[TARGET] = self.url
        super().on_headers_complete()

    def _announces_a_body(self) -> bool:
        return any(
            name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
            for name, value in self.headers
        )

    def _is_idle(self) -> bool:
        cycle = getattr(self, "cycle", None)
        return (cycle is None or cycle.response_complete) and self.timeout_keep_alive_task is None

    def _count(self, received: int) -> None:
        """Count what came while a head is still unfinished: one endless line never becomes a header."""
        self._head += received
        if self._head > 2 * MOST_HEAD:
            self.transport.abort()

    def _start_timer(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_DEADLINE, self.transport.abort)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
