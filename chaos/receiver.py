"""The receiver: a process of its own that writes down every request before it answers, and answers as it is told.

Owns the receiver's ledger and its own verdict on signatures, written from contract.md section 7 alone. It is told what
to do by lines on standard input and answers each with one line of JSON:

    secret PATH SECRET   a webhook's signing secret
    behave PATH KIND     how to answer from now on (``chaos.behaviours``)
    kill PID N           kill -9 that process on reading the N-th request from now
    poison MARKER PID    kill -9 that process on reading the next request for that event
    count                {"received": …, "repeated": …}: requests, and those for an event seen before
"""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import signal
import ssl
import sys
import time
from pathlib import Path
from typing import cast

import trustme
import uvloop

from chaos.behaviours import Behaviour, answer_with
from chaos.ledgers import Ledger, Received
from chaos.traffic import digest, marker_in


class Site:
    """What all connections share."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._secrets: dict[str, bytes] = {}
        self._behaviours: dict[str, Behaviour] = {}
        self._seen: set[str] = set()
        self._victim, self._until_kill = 0, 0
        self._poison, self._poisoned = "", 0
        self.received = 0
        self.repeated = 0

    def know(self, path: str, secret: str) -> None:
        self._secrets[path] = base64.b64decode(secret)

    def behave(self, path: str, kind: str) -> None:
        self._behaviours[path] = Behaviour(kind)

    def kill(self, pid: int, nth: int) -> None:
        self._victim, self._until_kill = pid, nth

    def poison(self, marker: str, pid: int) -> None:
        self._poison, self._poisoned = marker, pid

    def take(self, head: bytes, body: bytes) -> Behaviour:
        """Write down a request and say how to answer it."""
        request_line, *lines = head.decode("latin-1").split("\r\n")
        path = request_line.split(" ")[1]
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        signature = ",".join(value for name, value in headers if name.lower() == "x-signature")
        behaviour = self._behaviours.get(path, Behaviour.OK).settled()
        marker = marker_in(body.decode("utf-8", "replace"))
        self._ledger.write(
            Received(
                time.time_ns() // 1000,
                path,
                headers,
                marker,
                digest(body),
                signature,
                self._is_genuine(path, signature, body),
                behaviour,
            )
        )
        self._count(marker)
        return behaviour

    def _count(self, marker: str) -> None:
        self.received += 1
        self.repeated += marker in self._seen
        self._seen.add(marker)
        if self._victim:
            self._until_kill -= 1
            if self._until_kill <= 0:
                os.kill(self._victim, signal.SIGKILL)
                self._victim = 0
        if self._poisoned and marker == self._poison:
            os.kill(self._poisoned, signal.SIGKILL)
            self._poisoned = 0

    def _is_genuine(self, path: str, signature: str, body: bytes) -> bool:
        parts = [part.partition("=") for part in signature.split(",")]
        moments = [value for name, _, value in parts if name == "t"]
        if len(moments) != 1:
            return False
        signed = moments[0].encode("ascii") + b"." + body
        ours = hmac.new(self._secrets.get(path, b""), signed, hashlib.sha256).hexdigest()
        return any(name == "v1" and hmac.compare_digest(value, ours) for name, _, value in parts)


class Talk(asyncio.Protocol):
    """One connection. Requests may come in pieces."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class, of the same shape

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (taken := self._take_one()) is not None:
            assert self._transport is not None
            answer_with(self._transport, taken)

    def _take_one(self) -> Behaviour | None:
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return None
        head = self._buffer[:head_end]
        end = head_end + 4 + _content_length(head)
        if len(self._buffer) < end:
            return None
        body, self._buffer = self._buffer[head_end + 4 : end], self._buffer[end:]
        return self._site.take(head, body)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _server_context(authority_file: Path, host: str) -> ssl.SSLContext:
    ca = trustme.CA(key_type=trustme.KeyType.ECDSA)
    ca.cert_pem.write_to_path(str(authority_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(host, key_type=trustme.KeyType.ECDSA).configure_cert(context)
    return context


def _obey(site: Site, order: list[str]) -> object:
    match order:
        case ["secret", path, secret]:
            site.know(path, secret)
        case ["behave", path, kind]:
            site.behave(path, kind)
        case ["kill", pid, nth]:
            site.kill(int(pid), int(nth))
        case ["poison", marker, pid]:
            site.poison(marker, int(pid))
        case ["count"]:
            return {"received": site.received, "repeated": site.repeated}
        case _:
            return {"error": f"unknown order {order}"}
    return {}


async def _main(authority_file: Path, ledger: Path, port: int) -> None:
    site = Site(Ledger(ledger))
    loop = asyncio.get_running_loop()
    context = _server_context(authority_file, "127.0.0.1")
    server = await loop.create_server(lambda: Talk(site), "127.0.0.1", port, ssl=context, backlog=4096)
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    print(json.dumps({"listening": port}), flush=True)
    while order := (await orders.readline()).decode().split():
        print(json.dumps(_obey(site, order)), flush=True)
    server.close()


if __name__ == "__main__":
    uvloop.run(_main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
    sys.stdout.flush()
    os._exit(0)  # open keep-alive connections must not delay the end
