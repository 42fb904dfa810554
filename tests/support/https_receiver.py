"""A partner's HTTPS receiver inside the test's own process: it answers by script and remembers every request.

Owns the receiver's side of the wire, down to the raw bytes of the head. Refuses to judge what it gets: tests do.
"""

import asyncio
import contextlib
import ssl
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

from support.certificates import Authority
from support.marked_secrets import RUN

DEADLINE = 30.0
_LOOKS_AGAIN_S = 0.02


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request as it came over the wire. ``monotonic`` and ``wall`` are seconds at the end of its body."""

    monotonic: float
    wall: float
    request_line: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def path(self) -> str:
        return self.request_line.split(b" ")[1].decode("ascii")

    def header(self, name: str) -> str:
        """Return the one header of that name; zero or two of them is an error."""
        (value,) = [value for key, value in self.headers if key.lower() == name.lower().encode("ascii")]
        return value.decode("ascii")

    def header_names(self) -> list[str]:
        return sorted(key.decode("ascii").lower() for key, _ in self.headers)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Answer with ``status``: at once, or after ``delay`` seconds, or once ``after`` is set."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b"OK"
    delay: float = 0
    after: asyncio.Event | None = None


@dataclass(frozen=True)
class Drop:
    """Read the request whole and close the connection without a word."""


Reply: TypeAlias = Answer | Drop

OK = Answer()


class HttpsReceiver:
    """Listens on 127.0.0.1; each path has a script of replies, whose last one repeats. Without a script: 200.

    With ``names`` its certificate is for those instead, and it may listen elsewhere: on a fixed port it shares that
    port with whoever listens on every address.
    """

    def __init__(self, authority: Authority, *names: str, host: str = "127.0.0.1", port: int = 0) -> None:
        self._context = authority.server_context(*names or ("127.0.0.1",))
        self._scripts: dict[str, deque[Reply]] = defaultdict(lambda: deque([OK]))
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Condition()
        self._talks: set[asyncio.Task[None]] = set()
        self.requests: list[Received] = []
        self.open: Counter[str] = Counter()
        self.most_open: Counter[str] = Counter()
        self.host = host
        self.port = port

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._accept, self.host, self.port, ssl=self._context, reuse_port=bool(self.port), backlog=1024
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.let_go()
        await asyncio.gather(*self._talks, return_exceptions=True)
        await self._server.wait_closed()

    def let_go(self) -> None:
        """Close every connection, those with a request that waits for its answer too."""
        for talk in self._talks:
            talk.cancel()

    def url(self, path: str) -> str:
        return f"https://127.0.0.1:{self.port}{path}"

    def script(self, path: str, *replies: Reply) -> None:
        """Answer the next requests to ``path`` with ``replies``, one each; the last one for all that follow."""
        self._scripts[path] = deque(replies)

    def at(self, path: str) -> list[Received]:
        return [request for request in self.requests if request.path == path]

    async def until(self, fact: Callable[[], bool], *, within: float = DEADLINE) -> None:
        """Wait until ``fact`` holds; it is asked again after every request."""
        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(fact), within)
            except TimeoutError:
                seen = len(self.requests)
                raise AssertionError(f"not true within {within} s, {seen} requests seen: {fact}") from None

    async def until_received(self, count: int, path: str, *, within: float = DEADLINE) -> list[Received]:
        """Wait for ``count`` requests to ``path`` and return all of them."""
        await self.until(lambda: len(self.at(path)) >= count, within=within)
        return self.at(path)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        try:
            # A service that is killed resets its connections: that is what these tests are about.
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                while await self._serve_one(reader, writer):
                    pass
        except asyncio.CancelledError:
            pass
        finally:
            self._talks.discard(talk)
            writer.transport.abort()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        received = await _read(reader)
        reply = self._next_reply(received.path)
        async with self._changed:
            self.requests.append(received)
            self._changed.notify_all()
        match reply:
            case Drop():
                return False
            case Answer():
                with self._counted(received.path):
                    return await _unless_gone(reader, _give(writer, reply))

    @contextlib.contextmanager
    def _counted(self, path: str) -> Iterator[None]:
        """Count a request as open until it is answered or its sender is gone."""
        self.open[path] += 1
        self.most_open[path] = max(self.most_open[path], self.open[path])
        try:
            yield
        finally:
            self.open[path] -= 1

    def _next_reply(self, path: str) -> Reply:
        script = self._scripts[path]
        return script.popleft() if len(script) > 1 else script[0]


async def _read(reader: asyncio.StreamReader) -> Received:
    head = await reader.readuntil(b"\r\n\r\n")
    request_line, *lines = head[:-4].split(b"\r\n")
    headers = tuple((name, value.strip(b" \t")) for name, _, value in (line.partition(b":") for line in lines))
    length = next((int(value) for name, value in headers if name.lower() == b"content-length"), 0)
    body = await reader.readexactly(length)
    for name, value in headers:
        if name.lower() == b"x-signature":
            RUN.learn_signature("X-Signature", value.decode("latin-1"))
    return Received(monotonic=time.monotonic(), wall=time.time(), request_line=request_line, headers=headers, body=body)


async def _unless_gone(reader: asyncio.StreamReader, giving: Coroutine[Any, Any, None]) -> bool:
    """Give the answer, unless the sender goes away meanwhile; return whether it may ask again."""
    answering, waiting = asyncio.ensure_future(giving), asyncio.ensure_future(_gone(reader))
    try:
        await asyncio.wait((answering, waiting), return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            return False
        answering.result()
        return True
    finally:
        for task in (answering, waiting):
            task.cancel()
        await asyncio.gather(answering, waiting, return_exceptions=True)


async def _gone(reader: asyncio.StreamReader) -> None:
    # A stream can be asked whether it has ended, and waits only for what it may then take away.
    while not reader.at_eof() and reader.exception() is None:  # noqa: ASYNC110
        await asyncio.sleep(_LOOKS_AGAIN_S)


async def _give(writer: asyncio.StreamWriter, answer: Answer) -> None:
    if answer.delay:
        await asyncio.sleep(answer.delay)
    if answer.after is not None:
        await answer.after.wait()
    fields = [("Content-Length", str(len(answer.body))), *answer.headers]
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    writer.write(f"HTTP/1.1 {answer.status} Scripted\r\n{head}\r\n".encode("ascii") + answer.body)
    await writer.drain()
