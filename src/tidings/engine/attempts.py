"""Attempts in flight: started, counted, waited for.

Owns their tasks. Whoever stops this waits for what was sent, and releases what was not.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct

from tidings.actions.context import Context
from tidings.actions.withdrawing import withdraw
from tidings.checkpoints import Checkpoint, passing
from tidings.core.delivery import Move
from tidings.core.instants import Instant
from tidings.core.model import Lease
from tidings.core.verdict import Delivered
from tidings.engine.attempt import send, write_down
from tidings.engine.lanes import Lanes
from tidings.engine.recording import Ended
from tidings.errors import Unavailable
from tidings.store import attempts, deliveries, leases
from tidings.store.group_commit import each
from tidings.store.transaction import Transaction
from tidings.telemetry.facts import ServiceLoopFailed
from tidings.telemetry.places import place_of


class Attempts:
    """Makes an attempt for each lease that it is given, all at once."""

    def __init__(
        self,
        ctx: Context,
        *,
        lanes: Lanes,
        put_off: Callable[[str, Instant], None],
        ended: Callable[[str], None],
    ) -> None:
        self._ctx = ctx
        self._lanes = lanes
        self._put_off = put_off
        self._ended = ended
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self._held: set[tuple[str, str]] = set()

    @property
    def held(self) -> AbstractSet[tuple[str, str]]:
        """The leases, as delivery and token, that this process works on; a copy, which any thread may ask for."""
        return self._held.copy()

    def hold(self, leases: Iterable[Lease]) -> None:
        """Know that leases are this process's own, from the moment at which they are committed."""
        self._held.update((lease.delivery, lease.token) for lease in leases)

    def begin(self, leases: Sequence[Lease], *, apart: bool = False) -> list[asyncio.Task[None]]:
        """Make an attempt for each lease; while closing, release them instead. Return what is to be waited for.

        ``apart`` is whether their places were taken apart from the others'.
        """
        passing(Checkpoint.LEASED)
        self.hold(leases)
        loop = asyncio.get_running_loop()
        if self._closing:
            works = [self._release(leases, apart=apart)]
        else:
            works = [self._attempt(lease, apart=apart) for lease in leases]
        tasks = [loop.create_task(work) for work in works]
        for task in tasks:
            self._keep(task)
        return tasks

    async def drain(self, timeout_s: float) -> None:
        """Begin no more, and wait for those in flight as long as ``timeout_s``; then leave them to the rescuer."""
        self._closing = True
        try:
            async with asyncio.timeout(timeout_s):
                # While they are waited for, others may come that are to be released.
                while self._tasks:
                    await asyncio.wait(self._tasks)
        except TimeoutError:
            left = list(self._tasks)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attempt(self, lease: Lease, *, apart: bool) -> None:
        try:
            # The slot is free again as soon as the receiver is done with; the flush behind the result takes longer.
            await write_down(self._ctx, await self._send(lease, apart=apart), put_off=self._put_off)
        except Exception as error:  # noqa: BLE001 - one attempt's trouble is not the others'; its lease runs out
            self._ctx.emit(ServiceLoopFailed("attempt", type(error).__name__, place_of(error)))
        finally:
            self._held.discard((lease.delivery, lease.token))
            self._lanes.settle()
            self._ended(lease.webhook)

    async def _send(self, lease: Lease, *, apart: bool) -> Ended:
        arrived = False
        try:
            ended = await send(self._ctx, lease)
            arrived = isinstance(ended.verdict, Delivered)
            return ended
        finally:
            self._lanes.finish(lease.webhook, succeeded=arrived, apart=apart)
            self._ended(lease.webhook)

    async def _release(self, leases: Sequence[Lease], *, apart: bool) -> None:
        try:
            await self._ctx.store.write(_release, _Unsent(leases, self._ctx.clock.now()))
        except Unavailable:
            # Their leases run out by themselves.
            return
        finally:
            for lease in leases:
                self._held.discard((lease.delivery, lease.token))
                self._lanes.give_back(lease.webhook, apart=apart)


class _Unsent(Struct, frozen=True):
    leases: Sequence[Lease]
    now: Instant


def _release_one(transaction: Transaction, unsent: _Unsent) -> None:
    connection = transaction.connection
    released = deliveries.release(connection, [(lease.delivery, lease.token) for lease in unsent.leases])
    transaction.moved(Move.RELEASED, released)
    attempts.take_back(connection, [(lease.delivery, lease.number) for lease in unsent.leases])
    # Whoever disabled or deleted the webhook meanwhile did not find them waiting.
    for webhook in leases.paused_webhooks(connection, list({lease.webhook for lease in unsent.leases})):
        withdraw(transaction, webhook, now=unsent.now)


_release = each(_release_one)
