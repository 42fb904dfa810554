"""Everything a scenario needs, up and running: receiver, database, processes of the service, publisher.

Owns the order in which they come up and go down, what is noted for the checker, and the wait for the end.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import convert
from msgspec import json as msgspec_json

from chaos import database, past
from chaos.children import Child
from chaos.disk import SmallDisk
from chaos.evidence import Cut, Order
from chaos.findings import Findings
from chaos.layout import Layout
from chaos.proxy import Proxy
from chaos.publisher import Order as PublisherOrder
from chaos.recovery import RESUMED
from chaos.services import FaultyInstallation
from support.postgresql import Cluster
from support.service import Service, ServiceFailed

POLL_S = 0.02
_STOPPED_WITHIN_S = 90.0
_CHECKED_WITHIN_S = 300.0


class Impatient(Exception):
    """Something that a scenario waited for did not happen."""


@dataclass(kw_only=True)
class Rig:
    """What is up. Indexes name processes; each keeps its port when it is started again."""

    folder: Path
    layout: Layout
    url: str
    installation: FaultyInstallation
    token: str
    receiver: Child
    paths: list[str]
    ports: list[int]
    callback: str
    cluster: Cluster | None = None
    proxy: Proxy | None = None
    disk: SmallDisk | None = None
    services: list[Service] = field(default_factory=list)
    publisher: Child | None = None
    cuts: list[Cut] = field(default_factory=list)
    downs: list[tuple[int, int]] = field(default_factory=list)
    outages: list[tuple[int, int]] = field(default_factory=list)
    poison: list[str] = field(default_factory=list)
    faults: int = 0
    bad_exits: int = 0
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self, index: int, *faults: str) -> Service:
        """Start a process and wait until it is ready."""
        service = await self.launch(index, *faults)
        await service.until_ready()
        return service

    async def launch(self, index: int, *faults: str) -> Service:
        installation = self.installation.having(*self.layout.faults(), *faults)
        started = await installation.launch(port=self.ports[index])
        if index < len(self.services):
            self.services[index] = started
        else:
            self.services.append(started)
        return started

    async def restart(self, index: int, *faults: str) -> Service:
        """Stop a process as an operator does, and start it again with other faults."""
        await self.stop(index)
        return await self.start(index, *faults)

    async def stop(self, index: int) -> None:
        try:
            status = await self.services[index].stop()
        except ServiceFailed:
            status = 1
        self.bad_exits += status != 0

    async def publish(self) -> None:
        """Begin to publish."""
        load = self.layout.load
        order = PublisherOrder(
            urls=[f"http://127.0.0.1:{port}/platform/v1/events" for port in self.ports],
            token=self.token,
            ledger=str(self.folder / "publisher.ledger"),
            partners=len(self.paths),
            rate=load.rate,
            size=load.size,
            connections=load.connections,
            twins=load.twins,
        )
        self.publisher = await Child("publisher").__aenter__()
        await self.publisher.tell(msgspec_json.encode(order).decode())

    async def acknowledged(self) -> int:
        return await self._counted("acknowledged")

    async def unavailable(self) -> int:
        return await self._counted("unavailable")

    async def received(self) -> int:
        return int((await self.order_receiver("count"))["received"])

    async def until_more_acknowledged(self, count: int, *, within: float = 60) -> None:
        wanted = await self.acknowledged() + count
        await self._until(lambda seen: seen >= wanted, self.acknowledged, within=within)

    async def until_resumed(self, *, within: float) -> None:
        """Wait until events are acknowledged and sent again."""
        acknowledged, received = await self.acknowledged(), await self.received()
        await self._until(lambda seen: seen >= acknowledged + RESUMED, self.acknowledged, within=within)
        await self._until(lambda seen: seen >= received + RESUMED, self.received, within=within)

    async def until_unavailable(self, before: int, *, within: float = 60) -> None:
        """Wait until publishers are told 503 and when to ask again, more often than ``before``."""
        await self._until(lambda seen: seen > before, self.unavailable, within=within)

    async def until_repeated(self, count: int, *, within: float = 60) -> None:
        """Wait until the receiver has seen so many requests for events that it knew."""
        await self._until(lambda seen: seen >= count, self._repeated, within=within)

    async def order_receiver(self, *words: str) -> dict[str, int]:
        async with self._asking:
            return await self.receiver.ask(*words)

    def fault(self) -> None:
        """Count a fault."""
        self.faults += 1

    async def in_flight(self) -> list[str]:
        return await asyncio.to_thread(database.in_flight, self.url)

    async def note_cut(self, at: int) -> None:
        """Note which deliveries are in flight now that something was cut off at ``at``."""
        self.cuts.append(Cut(at, await self.in_flight()))

    async def note_outage(self, before: list[str]) -> None:
        """Note what was in flight before an outage or is now that it ended: all of it may have lost its lease."""
        after = await self.in_flight()
        self.cuts.append(Cut(now(), sorted({*before, *after})))

    async def give_a_past(self, count: int) -> None:
        """Have deliveries there that ended hours ago. No process runs, and none has published yet."""
        await asyncio.to_thread(past.give, self.url, count, now=now())

    async def give_old_keys(self, count: int) -> None:
        """Have idempotency keys there that are hours old. No process runs."""
        await asyncio.to_thread(past.give_keys, self.url, count, now=now())

    async def until_the_past_is_gone(self, *, within: float = 120) -> None:
        """Wait until nothing older than is kept is left."""

        async def left() -> int:
            return await asyncio.to_thread(past.count, self.url)

        await self._until(lambda seen: seen == 0, left, within=within)

    async def finish(self) -> None:
        """Stop publishing, let everything end, and stop the processes."""
        assert self.publisher is not None
        await self.publisher.ask("stop", within=_STOPPED_WITHIN_S)
        await self.publisher.__aexit__()
        self.publisher = None
        deadline = time.monotonic() + self.layout.ends_within_s()
        while await asyncio.to_thread(database.count_open, self.url):
            if time.monotonic() > deadline:
                break  # and the checker tells what is stuck
            await asyncio.sleep(POLL_S * 5)
        for index in range(len(self.services)):
            await self.stop(index)

    async def check(self) -> Findings:
        """Have the checker compare the ledgers."""
        order = Order(
            publisher=str(self.folder / "publisher.ledger"),
            receiver=str(self.folder / "receiver.ledger"),
            url=self.url,
            terms=self.layout.terms(),
            cuts=self.cuts,
            downs=self.downs,
            faults=self.faults,
            bad_exits=self.bad_exits,
            outages=self.outages,
            poison=self.poison,
        )
        async with Child("checker") as checker:
            await checker.tell(msgspec_json.encode(order).decode())
            said = await checker.hear(within=_CHECKED_WITHIN_S)
        return convert(said, Findings)

    async def _counted(self, what: str) -> int:
        assert self.publisher is not None
        async with self._asking:
            return int((await self.publisher.ask("count"))[what])

    async def _repeated(self) -> int:
        return int((await self.order_receiver("count"))["repeated"])

    async def _until(self, fact: Callable[[int], bool], ask: Callable[[], Awaitable[int]], *, within: float) -> None:
        deadline = time.monotonic() + within
        while not fact(seen := await ask()):
            if time.monotonic() > deadline:
                raise Impatient(f"not so within {within} s; at {seen}: {self._trouble()}")
            await asyncio.sleep(POLL_S)

    def _trouble(self) -> str:
        return "\n".join(service.stderr[-1500:] for service in self.services)


def now() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1000
