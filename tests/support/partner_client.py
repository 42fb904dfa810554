"""Signed requests to the partner API, down to the raw bytes.

Owns what a partner's program does right, and a place to do each part of it wrong. Refuses to parse more than an answer.
"""

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from support.marked_secrets import RUN

JsonObject: TypeAlias = dict[str, Any]
Header: TypeAlias = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One answer as it came."""

    status: int
    headers: tuple[Header, ...]
    body: bytes

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key.lower() == name]
        assert len(values) <= 1, f"{name} was given {len(values)} times"
        return values[0] if values else None

    @property
    def document(self) -> JsonObject:
        parsed: JsonObject = json.loads(self.body)
        return parsed

    @property
    def result(self) -> JsonObject:
        assert list(self.document) == ["result"], self.document
        found: JsonObject = self.document["result"]
        return found

    @property
    def error(self) -> str:
        """The code of a partner API error, in the one envelope there is."""
        document = self.document
        assert set(document) == {"error", "errors"}, document
        (code,) = document["error"]
        (item,) = document["errors"]
        assert list(item) == ["severity", "errorClass", "type", "errorMessage"]
        assert code == f"{item['severity']}{item['errorClass']}:{item['type']}"
        return str(code)


async def ask(
    port: int,
    method: str,
    target: str,
    *,
    headers: Iterable[Header] = (),
    body: bytes = b"",
    length: bool = True,
    source: str | None = None,
) -> Answered:
    """Send one request on a connection of its own, every byte of it as told, from the address ``source`` if given."""
    sent = spelled(method, target, headers=headers, body=body, length=length)
    answers = await talk(port, sent, source=source)
    return answers[0]


def spelled(
    method: str, target: str, *, headers: Iterable[Header] = (), body: bytes = b"", length: bool = True
) -> bytes:
    """Return the bytes of a request."""
    lines = [f"{method} {target} HTTP/1.1", "Host: tidings", *(f"{name}: {value}" for name, value in headers)]
    if length and body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


async def talk(
    port: int,
    sent: bytes,
    *,
    answers: int = 1,
    source: str | None = None,
    tls: ssl.SSLContext | None = None,
    name: str | None = None,
) -> list[Answered]:
    """Send bytes and read so many answers; with ``tls``, to the server of that ``name``."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1",
        port,
        limit=2**24,
        local_addr=None if source is None else (source, 0),
        ssl=tls,
        server_hostname=None if tls is None else name,
    )
    try:
        writer.write(sent)
        async with asyncio.timeout(20):
            return [await read_answer(reader) for _ in range(answers)]
    finally:
        writer.transport.abort()


async def read_answer(reader: asyncio.StreamReader) -> Answered:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status_line, *lines = head.strip().split("\r\n")
    headers = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines))
    status = int(status_line.split()[1])
    # An interim answer has no body, and one that goes on for ever (a stream of events) is known by its head.
    goes_on = ("content-type", "text/event-stream") in headers
    default = 0 if status < 200 or goes_on else None
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), default)
    assert length is not None, head
    body = await reader.readexactly(length)
    RUN.learn_from(body.decode("utf-8", "replace"))
    return Answered(status=status, headers=headers, body=body)


def signature(secret: str, *, target: str, nonce: str, body: bytes) -> str:
    inner = hashlib.sha256(nonce.encode("latin-1") + body).digest()
    mac = hmac.new(base64.b64decode(secret), target.encode("latin-1") + inner, hashlib.sha512)
    return base64.b64encode(mac.digest()).decode()


@dataclass(kw_only=True)
class PartnerClient:
    """Calls the partner API with one key."""

    port: int
    key: str
    secret: str
    nonces: Iterator[int] = field(default_factory=lambda: itertools.count(1000))

    def signed(self, target: str, body: bytes = b"", *, nonce: str | None = None) -> list[Header]:
        """Return the three headers of a request."""
        text = str(next(self.nonces)) if nonce is None else nonce
        sign = signature(self.secret, target=target, nonce=text, body=body)
        RUN.learn_signature("API-Sign", sign)
        return [("API-Key", self.key), ("API-Nonce", text), ("API-Sign", sign)]

    async def call(
        self, method: str, target: str, document: object = None, *, headers: Iterable[Header] = ()
    ) -> Answered:
        body = b"" if document is None else json.dumps(document).encode()
        return await self.send(method, target, body, headers=headers)

    async def send(
        self, method: str, target: str, body: bytes, *, headers: Iterable[Header] = (), nonce: str | None = None
    ) -> Answered:
        """Send raw bytes, well signed."""
        signed = self.signed(target, body, nonce=nonce)
        return await ask(self.port, method, target, headers=[*signed, *headers], body=body)

    async def register(self, url: str = "https://hooks.acme.com/w", **fields: Any) -> JsonObject:  # noqa: ANN401
        answer = await self.call("POST", "/b2b/webhooks", {"url": url, **fields})
        assert answer.status == 200, answer
        return answer.result
