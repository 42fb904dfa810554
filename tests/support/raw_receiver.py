"""A receiver that misbehaves down to the byte: each connection is handed to one behaviour.

Owns sockets and threads, so that a behaviour may flood or stall without holding up the test's event loop. Refuses
HTTP of any kind but the few bytes that a behaviour sends.
"""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from functools import partial
from typing import Self, TypeAlias

_DEADLINE_S = 30.0


class Gone(Exception):
    """The behaviour has hung up, or the other side has."""


class Connection:
    """One accepted connection, after its TLS handshake where the receiver has one."""

    def __init__(self, sock: socket.socket, stopping: threading.Event, requests: list[bytes]) -> None:
        self._socket = sock
        self._stopping = stopping
        self._requests = requests

    def request(self) -> bytes:
        """Read one request whole, by its Content-Length, and remember it."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._receive()
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        while len(body) < int(lengths[0]):
            body += self._receive()
        self._requests.append(head + b"\r\n\r\n" + body)
        return self._requests[-1]

    def send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise Gone from error

    def answer(self, status: int, *, headers: str = "", body: bytes = b"OK") -> None:
        """Send a well-formed answer."""
        head = f"HTTP/1.1 {status} Scripted\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        self.send(head.encode("ascii") + body)

    def drip(self, data: bytes, *, every: float) -> None:
        """Send one byte every so many seconds until the other side has gone."""
        for position in range(len(data)):
            self.send(data[position : position + 1])
            self.pause(every)

    def pause(self, seconds: float) -> None:
        """Do nothing for a while: a misbehaviour of its own, and what lets the other side take in what was sent."""
        if self._stopping.wait(seconds):
            raise Gone

    def half_close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Close with an RST instead of a FIN. It overtakes what the other side has not read yet."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()
        raise Gone

    def greeted(self) -> "Connection":
        """Wait for the first bytes of the other side: before them, it may not even know that it is connected."""
        self._receive()
        return self

    def wait_until_gone(self) -> None:
        """Read and forget until the other side closes."""
        while True:
            self._receive()

    def _receive(self) -> bytes:
        try:
            data = self._socket.recv(65_536)
        except OSError as error:
            raise Gone from error
        if not data:
            raise Gone
        return data


Behaviour: TypeAlias = Callable[[Connection], None]


class RawReceiver:
    """Listens on 127.0.0.1 within ``with``. ``requests`` holds every request read, ``connections`` counts accepts.

    Told where to listen, it shares a fixed port with whoever listens on every address.
    """

    def __init__(
        self, behaviour: Behaviour, *, tls: ssl.SSLContext | None, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self._behaviour = behaviour
        self._tls = tls
        self._listener = socket.create_server((host, port), reuse_port=bool(port), backlog=1024)
        self._stopping = threading.Event()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]
        self.requests: list[bytes] = []
        self.connections = 0

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for sock in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(_DEADLINE_S)
            assert not thread.is_alive()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            accepted.settimeout(_DEADLINE_S)
            self._sockets.append(accepted)
            self._start(partial(self._talk, accepted))

    def _talk(self, accepted: socket.socket) -> None:
        sock = accepted
        # Whoever talks to a misbehaving receiver hangs up in the middle: that is what these tests are about.
        with contextlib.suppress(OSError, Gone):
            if self._tls is not None:
                sock = self._tls.wrap_socket(accepted, server_side=True)
                self._sockets.append(sock)
            with contextlib.suppress(Gone):
                self._behaviour(Connection(sock, self._stopping, self.requests))
            _hang_up(sock)
        sock.close()

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()


def _hang_up(sock: socket.socket) -> None:
    """Close as an orderly server does: end the TLS stream, end the connection, and read what still comes.

    Closing with something unread would reset the connection, and could take the answer with it.
    """
    with contextlib.suppress(OSError, ValueError):
        if isinstance(sock, ssl.SSLSocket):
            sock.settimeout(0)
            sock.unwrap()
    sock.settimeout(_DEADLINE_S)
    sock.shutdown(socket.SHUT_WR)
    while socket.socket.recv(sock, 65_536):
        pass
