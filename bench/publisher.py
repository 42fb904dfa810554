"""A publishing platform: batches as fast as the service takes them, or single events at a steady rate.

One order a line (``Order``), one answer a line: how long it took and what it cost.
"""

import asyncio
import itertools
import json
import sys
import time
from array import array
from collections.abc import Iterator
from pathlib import Path

import msgspec
from pyreqwest.client import Client

from bench.client import cpu_seconds_of_this_process, plain_client, run_and_end
from bench.traffic import batch, is_accepted

ACCEPTED = 202


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Publish ``count`` events from number ``first`` on; with a ``rate`` one by one, else ``size`` at a time.

    They go to ``partners`` partners in turn, of which ``first_partner`` is the first; to the processes in turn too.
    """

    urls: list[str]
    token: str
    first: int
    count: int
    partners: int
    first_partner: int = 0
    size: int = 100
    connections: int = 8
    rate: int = 0
    times: str = ""


class Publisher:
    """Carries out one order."""

    def __init__(self, client: Client, order: Order) -> None:
        self._client = client
        self._order = order
        self._urls = itertools.cycle(f"{url}/platform/v1/events" for url in order.urls)
        self._headers = {"Authorization": f"Bearer {order.token}", "Content-Type": "application/json"}

    async def in_batches(self) -> None:
        """Publish everything over a few connections, each of which waits for its answer before it goes on."""
        order = self._order
        firsts = iter(range(order.first, order.first + order.count, order.size))
        async with asyncio.TaskGroup() as group:
            for _ in range(order.connections):
                group.create_task(self._publish_batches(firsts))

    async def steadily(self) -> None:
        """Publish event after event at the wanted rate, whether or not the service keeps up; note each start."""
        order = self._order
        times = array("d", bytes(8 * order.count))
        begun = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for place in range(order.count):
                await asyncio.sleep(max(0.0, begun + place / order.rate - time.monotonic()))
                group.create_task(self._publish_single(place, times))
        _keep(times, order.times)

    async def _publish_batches(self, firsts: Iterator[int]) -> None:
        end = self._order.first + self._order.count
        for first in firsts:
            await self._post(first, min(self._order.size, end - first))

    async def _publish_single(self, place: int, times: "array[float]") -> None:
        times[place] = time.monotonic()
        await self._post(self._order.first + place, 1)

    async def _post(self, first: int, count: int) -> None:
        body = batch(first, count, self._order.partners, first_partner=self._order.first_partner)
        answer = await self._client.post(next(self._urls)).headers(self._headers).body_bytes(body).build().send()
        told = bytes(await answer.bytes())
        if answer.status != ACCEPTED or not is_accepted(told, count):
            sys.exit(f"publishing failed: {answer.status} {told[:1000]!r}")


def _keep(times: "array[float]", file: str) -> None:
    Path(file).write_bytes(times.tobytes())


async def _main() -> None:
    async with plain_client() as client:
        while line := await asyncio.to_thread(sys.stdin.readline):
            order = msgspec.json.decode(line, type=Order)
            publisher = Publisher(client, order)
            begun, cpu = time.monotonic(), cpu_seconds_of_this_process()
            await (publisher.steadily() if order.rate else publisher.in_batches())
            took = time.monotonic() - begun
            print(json.dumps({"seconds": took, "cpu": cpu_seconds_of_this_process() - cpu}), flush=True)


if __name__ == "__main__":
    run_and_end(_main())
