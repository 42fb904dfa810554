"""A receiver as cheap as can be: TLS, 200 for everything, and a note of each numbered event and its moment.

Orders: ``{"folder", "hosts"}`` first, then ``{"expect": [first, count]}``, ``{"seen": true}``, ``{"times": file}``.
"""

import asyncio
import json
import ssl
import sys
import time
from array import array
from pathlib import Path
from typing import Any, cast

import trustme

from bench.client import run_and_end
from bench.traffic import number_in

_OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK"
_LENGTH = b"content-length:"
_END = b"\r\n\r\n"


class Record:
    """Which of the expected numbers arrived, when at first, and what else did."""

    def __init__(self) -> None:
        self.expect(0, 0)

    def expect(self, first: int, count: int) -> None:
        self._first = first
        self.times = array("d", bytes(8 * count))
        self.distinct = self.repeats = self.strangers = 0

    def note(self, body: bytes) -> None:
        number = number_in(body)
        place = -1 if number is None else number - self._first
        if not 0 <= place < len(self.times):
            self.strangers += 1
        elif self.times[place]:
            self.repeats += 1
        else:
            self.times[place] = time.monotonic()
            self.distinct += 1


class Talk(asyncio.Protocol):
    """One connection: requests one after the other, each with a Content-Length."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._take_one():
            self._transport.write(_OK)

    def _take_one(self) -> bool:
        head, end, rest = self._buffer.partition(_END)
        if not end:
            return False
        _, _, after = head.lower().partition(_LENGTH)
        length = int(after.partition(b"\r\n")[0])
        if len(rest) < length:
            return False
        self._record.note(rest[:length])
        self._buffer = rest[length:]
        return True


def _server_context(folder: Path, hosts: list[str]) -> ssl.SSLContext:
    """Make a new authority, leave its certificate and a server's in ``folder``, and return the server's context."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "roots.pem"))
    authority.issue_cert(*hosts).private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def _obey(order: dict[str, Any], record: Record) -> dict[str, Any]:
    match order:
        case {"expect": [int(first), int(count)]}:
            record.expect(first, count)
            return {}
        case {"times": str(file)}:
            Path(file).write_bytes(record.times.tobytes())
            return {}
        case _:
            return {"distinct": record.distinct, "repeats": record.repeats, "strangers": record.strangers}


async def _main() -> None:
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    place = json.loads(await orders.readline())
    context = _server_context(Path(place["folder"]), place["hosts"])
    record = Record()
    port = 0
    for host in place["hosts"]:
        server = await loop.create_server(lambda: Talk(record), host, port, ssl=context, backlog=1024)
        port = server.sockets[0].getsockname()[1]
    print(json.dumps({"port": port}), flush=True)
    async for line in orders:
        print(json.dumps(_obey(json.loads(line), record)), flush=True)


if __name__ == "__main__":
    run_and_end(_main())
