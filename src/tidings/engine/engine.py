"""The engine: dispatcher, attempts, rescuer and pruner of one process, started and stopped together."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeAlias

from tidings.actions.context import Context
from tidings.actions.redelivering import step_all
from tidings.actions.withdrawing import Withdrawing, withdraw_more
from tidings.clock import Jumps
from tidings.core.instants import END_OF_TIME, MILLISECOND, SECOND, Instant
from tidings.core.model import Lease
from tidings.core.redelivery import RedeliveryState
from tidings.engine.attempts import Attempts
from tidings.engine.backlog import Backlog
from tidings.engine.dispatcher import Dispatcher
from tidings.engine.lanes import Lanes
from tidings.engine.membership import Membership
from tidings.engine.pruning import Pruner
from tidings.engine.rescuing import Rescue, rescue_all
from tidings.engine.rolling_up import roll_up_all
from tidings.engine.suspects import Suspects
from tidings.engine.waiting import within
from tidings.engine.watching import Watch
from tidings.errors import Unavailable
from tidings.store import due_lanes, redeliveries
from tidings.telemetry.facts import ClockJumped, DeliveriesExpired, LeasesRescued, RedeliveryEnded, ServiceLoopFailed
from tidings.telemetry.places import place_of
from tidings.telemetry.standing import Load

FIRST = 4
"""What a lane may have in flight before its receiver has answered once."""
_ROUND_S = 1.0
_SHORTEST_ROUND_S = 0.02
_PAUSE_S = 0.5

Listen: TypeAlias = Callable[[Callable[[], None]], Awaitable[None]]
"""Calls what it is given whenever another process says that something is due; ends by raising."""


class Engine:
    """Implements ``actions.context.Handover``. ``start`` it once, ``stop`` it as often as you like."""

    def __init__(self, *, slots: int, lane_limit: int, first: int = FIRST) -> None:
        self._lanes = Lanes(slots=slots, lane_limit=lane_limit, first=min(first, lane_limit))
        self._lanes.hand_over(allowed=False)
        self._lane_limit = lane_limit
        self._membership: Membership | None = None
        self._loops: list[asyncio.Task[None]] = []
        self._listener: asyncio.Task[None] | None = None
        self._heartbeat: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._drained = asyncio.Event()
        self._news = asyncio.Event()

    def load(self) -> Load:
        """Return what this process is doing."""
        return self._lanes.load()

    def reserve(self, webhook: str) -> bool:
        return self._lanes.reserve(webhook)

    def give_back(self, webhook: str) -> None:
        self._lanes.give_back(webhook)
        self._room_in(webhook)

    def begin(self, leases: Sequence[Lease]) -> None:
        self._attempts.begin(leases)

    def notice(self, webhooks: Iterable[str], due_at: Instant) -> None:
        # Before the start and after the stop there is nobody to tell; polling finds what is due.
        if self._loops:
            self._dispatcher.notice(webhooks, due_at)

    def start(self, ctx: Context, *, listen: Listen | None, watch: Watch | None = None) -> None:
        """Begin to work.

        ``watch`` tells whoever runs the platform. ``listen`` hears other processes that work on the same database. None
        promises that there are none: then every lease found belongs to a process that is dead, and is rescued at once.
        """
        self._ctx = ctx
        self._attempts = Attempts(
            ctx,
            lanes=self._lanes,
            put_off=lambda webhook, due_at: self.notice([webhook], due_at),
            ended=self._room_in,
        )
        self._pruner = Pruner(ctx, rest=self._rest, stopping=self._stopping.is_set)
        self._backlog = Backlog(ctx, rest=self._rest, stopping=self._stopping.is_set)
        self._dispatcher = Dispatcher(ctx, lanes=self._lanes, attempts=self._attempts)
        self._suspects = Suspects(ctx, lanes=self._lanes, attempts=self._attempts, room_in=self._dispatcher.room_in)
        self._lost_before = END_OF_TIME if listen is None else None
        self._jumps = Jumps(ctx.clock)
        self._loops = [
            self._loop("dispatcher", self._dispatcher.run),
            self._loop("suspects", self._suspects.run),
            self._loop("rescuer", self._rescue),
            self._loop("poller", self._poll),
            self._loop("withdrawer", self._withdraw),
            self._loop("statistics", self._roll_up),
            self._loop("backlog", self._backlog.run),
            self._loop("pruner", self._pruner.run),
            self._loop("redelivery", self._redeliver),
        ]
        if watch is not None:
            self._loops.append(self._loop("watch", partial(watch.look, self._rest)))
        self._lanes.hand_over(allowed=True)
        if listen is not None:
            self._join()
            self._listener = self._loop("listener", partial(listen, self._news.set))

    async def stop(self, *, drain_s: float) -> None:
        """Claim no more at once, then wait up to ``drain_s`` for the attempts in flight."""
        if not self._loops:
            return
        self._stopping.set()
        self._dispatcher.stop()
        self._suspects.stop()
        self._lanes.hand_over(allowed=False)
        self._news.set()
        await asyncio.gather(*self._loops)
        self._loops = []
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        await self._attempts.drain(drain_s)
        await self._leave()

    def _join(self) -> None:
        self._membership = Membership(
            self._ctx, lane_limit=self._lane_limit, lanes=self._lanes, changed=self._dispatcher.room_everywhere
        )
        take_part = partial(self._membership.take_part, partial(within, event=self._drained))
        self._heartbeat = self._loop("membership", take_part, until=self._drained)
        self._loops.append(self._loop("new partitions", self._pruner.look_at_new_partitions))

    async def _leave(self) -> None:
        # Until now the others had to know of what was still in flight here.
        self._drained.set()
        if self._membership is None or self._heartbeat is None:
            return
        await self._heartbeat
        # Whoever cannot say that it leaves is missed soon enough.
        with suppress(Unavailable):
            await self._membership.leave()

    def _loop(
        self, name: str, run: Callable[[], Awaitable[None]], *, until: asyncio.Event | None = None
    ) -> "asyncio.Task[None]":
        end = self._stopping if until is None else until
        return asyncio.get_running_loop().create_task(self._keep_going(name, run, end))

    async def _keep_going(self, name: str, run: Callable[[], Awaitable[None]], end: asyncio.Event) -> None:
        while not end.is_set():
            try:
                await run()
            except Unavailable:
                # The store told of it, once.
                await within(_PAUSE_S, end)
            except Exception as error:  # noqa: BLE001 - a loop reports and goes on
                self._ctx.emit(ServiceLoopFailed(name, type(error).__name__, place_of(error)))
                await within(_PAUSE_S, end)

    def _room_in(self, webhook: str) -> None:
        self._dispatcher.room_in(webhook)
        self._suspects.room_in(webhook)

    async def _rescue(self) -> None:
        self._look_at_the_clock()
        if self._membership is not None and not self._membership.knows_the_time:
            await self._rest(_SHORTEST_ROUND_S)
            return
        lost_before = self._lost_before or self._ctx.clock.steady()
        rescued = await self._ctx.store.write(rescue_all, Rescue(self._ctx, lost_before, lambda: self._attempts.held))
        if rescued.lost:
            self._ctx.emit(LeasesRescued(len(rescued.lost)))
        for attempt in rescued.lost:
            self._ctx.emit(attempt)
        if rescued.expired:
            self._ctx.emit(DeliveriesExpired(rescued.expired))
        self.notice(rescued.lanes, self._ctx.clock.now())
        if not rescued.is_full:
            self._lost_before = None
            await self._rest(_ROUND_S)

    def _look_at_the_clock(self) -> None:
        jumped = self._jumps.since_last_look()
        if jumped:
            self._ctx.emit(ClockJumped(jumped // MILLISECOND))

    async def _withdraw(self) -> None:
        if not await self._ctx.store.write(withdraw_more, Withdrawing(self._ctx)):
            await self._rest(_ROUND_S)

    async def _roll_up(self) -> None:
        if not await self._ctx.store.write(roll_up_all, self._ctx):
            await self._rest(_ROUND_S)

    async def _redeliver(self) -> None:
        next_at, now = await self._ctx.store.read(redeliveries.next_due_at), self._ctx.clock.now()
        if next_at is None or next_at > now:
            await self._rest(_ROUND_S if next_at is None else min(_ROUND_S, (next_at - now) / SECOND))
            return
        job = await self._ctx.store.write(step_all, self._ctx)
        if job is None:
            # Another process has it just now.
            await self._rest(_SHORTEST_ROUND_S)
        elif job.state is not RedeliveryState.RUNNING:
            self._ctx.emit(RedeliveryEnded(job.id, job.state.value, job.made))

    async def _poll(self) -> None:
        self._news.clear()
        for lane in await self._ctx.store.read(due_lanes.all_lanes):
            self._dispatcher.notice([lane.webhook_id], lane.due_at)
        # However loud the news, the question is not asked more often than this.
        await self._rest(_SHORTEST_ROUND_S)
        await within(_ROUND_S, self._news)

    async def _rest(self, seconds: float) -> None:
        await within(seconds, self._stopping)
