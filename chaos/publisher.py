"""The publishing program: a process of its own that never gives up on an event until it is acknowledged.

Owns what design.md expects of a publisher whose connection broke or who was told 503: the same batch again, with the
same idempotency keys, at the next process. Everything it offered and was told is in its ledger. It is told what to do
by lines on standard input, and answers each with one line of JSON: ``count``, ``stop``.
"""

import asyncio
import itertools
import json
import sys
import time
from datetime import timedelta
from io import FileIO
from pathlib import Path

from msgspec import Struct
from msgspec import json as msgspec_json
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PyreqwestError
from pyreqwest.response import Response

from bench.client import run_and_end
from chaos.ledgers import Broken, Ledger, Offered, Refused, Told
from chaos.traffic import body_of, digest, marker_of, partner_name, publication

ACCEPTED = 202
_PAUSE_S = 0.05


class Order(Struct, frozen=True, kw_only=True):
    """What to publish, where. ``rate`` is events per second of all connections together.

    With ``twins``, each batch is published so many times at once.
    """

    urls: list[str]
    token: str
    ledger: str
    partners: int
    rate: int
    size: int
    connections: int
    twins: int = 1
    timeout_s: float = 5.0


class Publisher:
    """Publishes until stopped, and counts."""

    def __init__(self, client: Client, order: Order) -> None:
        self._client = client
        self._order = order
        self._ledger = Ledger(Path(order.ledger))
        self._numbers = itertools.count()
        self._urls = itertools.cycle(order.urls)
        self._headers = [("Authorization", f"Bearer {order.token}"), ("Content-Type", "application/json")]
        self._stopping = asyncio.Event()
        self._told: set[str] = set()
        self.unavailable = 0

    @property
    def acknowledged(self) -> int:
        return len(self._told)

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        """Publish until stopped; return when everything that was offered is acknowledged."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._order.connections):
                group.create_task(self._work())

    async def _work(self) -> None:
        turn_s = self._order.size * self._order.connections / self._order.rate
        while not self._stopping.is_set():
            began = time.monotonic()
            await self._publish(list(itertools.islice(self._numbers, self._order.size)))
            await self._rest(turn_s - (time.monotonic() - began))

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._stopping.wait()
        except TimeoutError:
            return

    async def _publish(self, numbers: list[int]) -> None:
        batch = [(marker_of(number), partner_name(number % self._order.partners)) for number in numbers]
        self._ledger.write(*(Offered(marker, partner, digest(body_of(marker).encode())) for marker, partner in batch))
        body = ('{"events":[' + ",".join(publication(*one) for one in batch) + "]}").encode()
        markers = [marker for marker, _ in batch]
        async with asyncio.TaskGroup() as group:
            for _ in range(self._order.twins):
                group.create_task(self._until_told(markers, body))

    async def _until_told(self, markers: list[str], body: bytes) -> None:
        told = await self._try(markers, body)
        while not told:
            await asyncio.sleep(_PAUSE_S)
            told = await self._try(markers, body)

    async def _try(self, markers: list[str], body: bytes) -> bool:
        asked_at = _now()
        request = self._client.post(next(self._urls)).headers(self._headers).body_bytes(body).build()
        try:
            answer = await request.send()
            text = bytes(await answer.bytes())
        except PyreqwestError:
            self._ledger.write(Broken(_now()))
            return False
        if answer.status != ACCEPTED:
            refusal = _refusal(answer)
            self._ledger.write(refusal)
            self.unavailable += refusal.is_unavailable
            return False
        told = json.loads(text)["result"]["events"]
        at = _now()
        self._ledger.write(
            *(
                Told(asked_at, at, marker, one["id"], one["deliveries"])
                for marker, one in zip(markers, told, strict=True)
            )
        )
        self._told.update(markers)
        return True


def _refusal(answer: Response) -> Refused:
    return Refused(_now(), answer.status, answer.headers.get("retry-after"))


def _now() -> int:
    return time.time_ns() // 1000


async def _obey(publisher: Publisher) -> None:
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := (await orders.readline()).strip():
        if line == b"stop":
            break
        _say(publisher)
    publisher.stop()


def _say(publisher: Publisher) -> None:
    print(json.dumps({"acknowledged": publisher.acknowledged, "unavailable": publisher.unavailable}), flush=True)


async def _main() -> None:
    # Unbuffered: what follows the order is read by somebody else.
    order = msgspec_json.decode(FileIO(sys.stdin.fileno(), closefd=False).readline(), type=Order)
    timeout = timedelta(seconds=order.timeout_s)
    async with ClientBuilder().no_proxy().follow_redirects(enable=False).timeout(timeout).build() as client:
        publisher = Publisher(client, order)
        async with asyncio.TaskGroup() as group:
            group.create_task(_obey(publisher))
            group.create_task(publisher.run())
    _say(publisher)


if __name__ == "__main__":
    run_and_end(_main())
