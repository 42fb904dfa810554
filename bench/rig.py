"""The service between a publisher and a receiver, each a process of its own, with partners registered."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.children import Child
from bench.databases import Kind, count_not_delivered, count_open, database, settings_for
from bench.processes import cpu_seconds
from bench.traffic import partner_name
from support.platform_client import Platform, platform
from support.service import Installation, Service
from support.vendor_client import VendorClient

DEADLINE = 300.0
POLL = 0.02
PARTNERS = 16
REGISTRARS = 16
HOSTS = [f"127.0.0.{number}" for number in range(1, 5)]


class WrongResult(Exception):
    """Something was lost, doubled, or not recorded: whatever was measured is void."""


@dataclass(kw_only=True)
class Rig:
    """Everything a measurement needs; numbers of events are never used twice."""

    folder: Path
    installation: Installation
    url: str
    services: list[Service]
    token: str
    receiver: Child
    publisher: Child
    bare_loop: Child
    urls: list[str]
    next_number: int = 0

    @property
    def service(self) -> Service:
        """The first process."""
        return self.services[0]

    def cpu_seconds(self) -> float:
        """Return the CPU time of all processes of the service."""
        return sum(cpu_seconds(service.pid) for service in self.services)

    async def start(self, processes: int) -> None:
        """Start so many processes of the service, each on a port of its own."""
        for _ in range(processes):
            self.services.append(await self.installation.serve())

    async def stop(self) -> None:
        """Stop the service."""
        while self.services:
            await self.services.pop().stop()

    async def expect(self, count: int) -> int:
        """Prepare the receiver for ``count`` new numbers; return the first of them."""
        first = self.next_number
        self.next_number += count
        await self.receiver.ask({"expect": [first, count]})
        return first

    async def offer(self, first: int, count: int, **how: int | str) -> None:
        """Publish numbers, to all partners in turn, and wait for nothing but their acknowledgement."""
        urls = [service.url for service in self.services]
        order = {"urls": urls, "token": self.token, "first": first, "count": count}
        await self.publisher.ask({"partners": len(self.urls), **order, **how})

    async def publish(self, first: int, count: int, **how: int | str) -> None:
        """Publish the expected numbers; wait until they have arrived and are recorded."""
        await self.offer(first, count, **how)
        await self.until_arrived(count)
        await self.until_recorded()

    async def until_arrived(self, count: int) -> None:
        """Wait until the receiver has seen all ``count`` expected numbers."""
        limit = time.monotonic() + DEADLINE
        while (await self.receiver.ask({"seen": True}))["distinct"] < count:
            await _pause(limit)

    async def until_recorded(self) -> None:
        """Wait until every delivery has ended."""
        limit = time.monotonic() + DEADLINE
        while await count_open(self.url):
            await _pause(limit)

    async def post_bare(self, first: int, count: int, *, concurrency: int) -> dict[str, Any]:
        """POST the expected numbers without the service; return how long it took and what it cost."""
        order = {"urls": self.urls, "roots": str(self.folder / "roots.pem"), "concurrency": concurrency}
        return await self.bare_loop.ask({**order, "first": first, "count": count})

    async def check_exactly_once(self, count: int) -> None:
        """Raise WrongResult unless each of ``count`` numbers arrived once and every delivery so far is delivered."""
        seen = await self.receiver.ask({"seen": True})
        if seen != {"distinct": count, "repeats": 0, "strangers": 0}:
            raise WrongResult(f"of {count} events the receiver saw {seen}")
        if states := await count_not_delivered(self.url):
            raise WrongResult(f"the database has {states} that were not delivered")


async def _pause(limit: float) -> None:
    if time.monotonic() > limit:
        raise WrongResult(f"not all was delivered within {DEADLINE:.0f} s")
    await asyncio.sleep(POLL)


@asynccontextmanager
async def rig(
    kind: Kind = Kind.SQLITE,
    *,
    partners: int = PARTNERS,
    hosts: Sequence[str] = HOSTS,
    also_allowed: Sequence[str] = (),
) -> AsyncIterator[Rig]:
    """Put everything up in a temporary folder, and take it down again. ``also_allowed`` are further egress pairs."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tidings-bench-")))
        receiver, publisher, bare_loop = [
            await stack.enter_async_context(Child(module)) for module in ("receiver", "publisher", "bare_loop")
        ]
        port = (await receiver.ask({"folder": str(folder), "hosts": list(hosts)}))["port"]
        url = stack.enter_context(database(kind, folder))
        settings = {
            **settings_for(url),
            "TIDINGS_EGRESS_ALLOW": ",".join([*(f"{host}/32:{port}" for host in hosts), *also_allowed]),
            # Every partner of a bench registers from one address, as none does in life.
            "TIDINGS_RATE_LIMIT_ADDRESS": "100000/100000",
            "TIDINGS_EGRESS_CA_FILE": str(folder / "roots.pem"),
        }
        installation = Installation(folder, settings)
        migrated = await installation.run("migrate")
        if migrated.status:
            raise WrongResult(f"no schema: {migrated.stderr}")
        urls = [f"https://{hosts[number % len(hosts)]}:{port}/{number}" for number in range(partners)]
        up = Rig(
            folder=folder,
            installation=installation,
            url=url,
            services=[],
            token=await installation.create_token("bench"),
            receiver=receiver,
            publisher=publisher,
            bare_loop=bare_loop,
            urls=urls,
        )
        stack.push_async_callback(up.stop)
        await up.start(1)
        await register(up.service, up.token, urls, hosts=hosts)
        yield up


async def register(
    service: Service, token: str, urls: list[str], *, first: int = 0, hosts: Sequence[str] = HOSTS
) -> None:
    """Make a partner for each of ``urls``, from number ``first`` on, with a webhook that wants every event."""
    waiting = iter(enumerate(urls, first))

    async def work(client: Platform) -> None:
        for number, url in waiting:
            key = await client.create_partner(partner_name(number), *hosts)
            await VendorClient(port=service.port, api_key=key).register(url, events=["user.verified"])

    async with platform(service.url, token) as client, asyncio.TaskGroup() as group:
        for _ in range(REGISTRARS):
            group.create_task(work(client))
