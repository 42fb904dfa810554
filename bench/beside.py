"""Whether delivering slows down while people look: pages, a live feed and a redelivery of many beside it.

Owns a round of throughput as it is, and one with company, in turns in one run.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from bench import figures
from bench.figures import Figure
from bench.measurements import Size, figure
from bench.pages import log_in
from bench.rig import Rig, WrongResult, rig
from support.pages_client import PagesClient
from support.platform_client import platform

_WARM_UP = 2_000
_LOOKS = ("/console", "/console/deliveries", "/console/events", "/console/webhooks")
_PAUSE_S = 0.5
"""Four people, each of whom opens a page every two seconds."""
_SENT_AGAIN_PER_SECOND = 100


async def beside(size: Size) -> list[Figure]:
    """Deliver at full speed with and without company: the share of the speed that is left."""
    alone: list[float] = []
    fresh: list[float] = []
    together: list[float] = []
    async with rig(size.kind) as up:
        await up.publish(await up.expect(_WARM_UP), _WARM_UP)
        visitor = await log_in(up)
        for _ in range(size.rounds):
            alone.append(await _per_second(up, size.deliveries))
            async with _company(up, visitor) as company:
                fresh.append(await _per_second(up, size.deliveries))
            together.append(fresh[-1] * (1 + company.sent_again / size.deliveries))
            await up.until_recorded()
        await visitor.http.aclose()
    return [
        figure(f"deliveries without company, {size.kind.spelt}", "/s", alone),
        figure("fresh deliveries beside pages, live feed and a redelivery of many", "/s", fresh),
        figure("deliveries beside them, those of the redelivery included", "/s", together),
        figure("what is left of the speed for fresh deliveries", "", _left(alone, fresh)),
        figure("what is left of the speed", "", _left(alone, together), figures.BESIDE),
    ]


def _left(before: Sequence[float], after: Sequence[float]) -> list[float]:
    return [one / other for one, other in zip(after, before, strict=True)]


async def _per_second(up: Rig, count: int) -> float:
    first, begun = await up.expect(count), time.monotonic()
    await up.offer(first, count)
    await up.until_arrived(count)
    return count / (time.monotonic() - begun)


@dataclass
class _Company:
    """What people made the service do beside its work: deliveries of the redelivery, counted when it is over."""

    sent_again: int = 0


@asynccontextmanager
async def _company(up: Rig, visitor: PagesClient) -> AsyncIterator[_Company]:
    """Keep people busy with the service until the block ends."""
    company = _Company()
    async with platform(up.service.url, up.token) as client, asyncio.TaskGroup() as group:
        wanted = {"state": "delivered", "rate": _SENT_AGAIN_PER_SECOND}
        begun = await client.http.post("/platform/v1/redeliveries", json=wanted)
        if begun.is_error:
            raise WrongResult(f"the redelivery was answered {begun.status_code}: {begun.text}")
        people = [group.create_task(_look(visitor)), group.create_task(_watch(up))]
        try:
            yield company
        finally:
            for person in people:
                person.cancel()
            name = begun.json()["result"]["redelivery"]["id"]
            ended = await client.http.post(f"/platform/v1/redeliveries/{name}/cancel")
            company.sent_again = ended.json()["result"]["redelivery"]["made"]


async def _look(visitor: PagesClient) -> None:
    while True:
        for path in _LOOKS:
            answer = await visitor.http.get(path)
            if not answer.is_success:
                raise WrongResult(f"{path} answered {answer.status_code}")
            await asyncio.sleep(_PAUSE_S)


async def _watch(up: Rig) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", up.service.port)
    writer.write(
        b"GET /platform/v1/attempts/live HTTP/1.1\r\nHost: localhost\r\n"
        b"Authorization: Bearer " + up.token.encode() + b"\r\n\r\n"
    )
    with suppress(ConnectionError):
        while await reader.read(65_536):
            pass
    raise WrongResult("the live feed ended")
