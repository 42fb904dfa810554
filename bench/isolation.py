"""Whether those whose receivers work notice those whose receivers do not (guarantee G7).

Owns two situations, each measured without and with in the same run: one webhook that never answers and has a long
queue, and one in a hundred of many webhooks dead, a third of them refusing, a third silent, a third answering 500.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median

from bench.children import Child
from bench.databases import Kind
from bench.figures import Figure, Target
from bench.measurements import Size, figure
from bench.rig import HOSTS, Rig, register, rig
from bench.travel import RATE, percentile, travel_times
from support.service import free_port

NOT_NOTICED = Target(bound=1.2, at_least=False)
LONG_QUEUE = 100_000
QUEUE_OF_EACH = 20
ONE_IN = 100
_WARM_UP_S = 5
_BATCH = 500


async def hanging(size: Size) -> list[Figure]:
    """One webhook that hangs on every request, with a queue of 100,000 due deliveries."""
    async with _beside_dead(size.kind, healthy=16) as (up, dead_urls):
        queue = LONG_QUEUE if size.is_full else LONG_QUEUE // 100
        return await _compared(up, size, dead_urls[1:2], queue, f"one webhook hangs, {queue:,} due")


async def dead(size: Size) -> list[Figure]:
    """One in a hundred webhooks dead."""
    count = size.webhooks
    async with _beside_dead(size.kind, healthy=count - count // ONE_IN) as (up, dead_urls):
        urls = [dead_urls[number % len(dead_urls)] for number in range(count // ONE_IN)]
        return await _compared(up, size, urls, QUEUE_OF_EACH * len(urls), f"{len(urls)} of {count:,} webhooks dead")


async def _compared(up: Rig, size: Size, dead_urls: list[str], queue: int, situation: str) -> list[Figure]:
    healthy = len(up.urls)
    await travel_times(up, RATE * _WARM_UP_S)
    before = [await _p99(up, size, healthy) for _ in range(size.rounds)]
    await register(up.service, up.token, dead_urls, first=healthy)
    first = await up.expect(queue)
    await up.offer(first, queue, partners=len(dead_urls), first_partner=healthy, size=_BATCH)
    after = [await _p99(up, size, healthy) for _ in range(size.rounds)]
    ratio = figure(f"the others' p99, {situation} ÷ without", "", [median(after) / median(before)], NOT_NOTICED)
    return [
        figure(f"the others' p99 without, at {RATE} events/s", "ms", before),
        figure(f"the others' p99, {situation}", "ms", after),
        ratio,
    ]


async def _p99(up: Rig, size: Size, partners: int) -> float:
    travelled = await travel_times(up, RATE * size.seconds, partners=partners)
    return percentile(travelled, 99)


@asynccontextmanager
async def _beside_dead(kind: Kind, *, healthy: int) -> AsyncIterator[tuple[Rig, list[str]]]:
    """Yield a rig with so many healthy webhooks, and URLs that refuse, are silent and answer 500."""
    ports = [free_port() for _ in range(3)]
    host = HOSTS[-1]
    async with (
        rig(kind, partners=healthy, also_allowed=[f"{host}/32:{port}" for port in ports]) as up,
        Child("dead_receiver") as receiver,
    ):
        certificate = str(up.folder / "server.pem")
        await receiver.ask({"certificate": certificate, "host": host, "silent": ports[1], "failing": ports[2]})
        yield up, [f"https://{host}:{port}/dead" for port in ports]
