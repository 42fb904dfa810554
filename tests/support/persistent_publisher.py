"""A publisher that does not give up: it sends each event under an idempotency key until it is acknowledged.

Owns the publisher's half of "nothing acknowledged is lost": it repeats whatever was refused or left without an answer.
"""

import asyncio
import zlib
from collections.abc import Iterable, Sequence

import httpx

from support.event_samples import marked
from support.ledger import Ledger
from support.platform_client import JsonObject, Platform

WORKERS = 16
PAUSE = 0.05


class PersistentPublisher:
    """Publishes marked events, spread over ``partners``, one for each request."""

    def __init__(self, platform: Platform, ledger: Ledger, partners: Sequence[str]) -> None:
        self._platform = platform
        self._ledger = ledger
        self._partners = partners
        self._changed = asyncio.Condition()
        self.refused = 0

    async def publish(self, markers: Iterable[str]) -> None:
        """Publish an event for each of ``markers``; return when all are acknowledged."""
        waiting = list(markers)
        waiting.reverse()
        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(self._work(waiting))

    async def until_acknowledged(self, count: int, *, within: float = 60.0) -> None:
        """Wait until ``count`` events are acknowledged."""
        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(lambda: len(self._ledger.acknowledged) >= count), within)
            except TimeoutError:
                told = len(self._ledger.acknowledged)
                raise AssertionError(f"{told} of {count} acknowledged within {within} s") from None

    async def _work(self, waiting: list[str]) -> None:
        while waiting:
            marker = waiting.pop()
            told = await self._until_told(marker)
            async with self._changed:
                self._ledger.acknowledge(marker, event=told["id"], deliveries=told["deliveries"])
                self._changed.notify_all()

    async def _until_told(self, marker: str) -> JsonObject:
        # Every repetition goes to the same partner, since the key belongs to the partner.
        partner = self._partners[zlib.crc32(marker.encode()) % len(self._partners)]
        event = {"partner": partner, "payload": marked(marker), "idempotency_key": marker}
        while True:
            try:
                answer = await self._platform.try_publish(event)
            except httpx.TransportError:
                self.refused += 1
                await asyncio.sleep(PAUSE)
                continue
            if answer.status_code == httpx.codes.ACCEPTED:
                (told,) = answer.json()["result"]["events"]
                return dict(told)
            assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
            self.refused += 1
            await asyncio.sleep(PAUSE)
