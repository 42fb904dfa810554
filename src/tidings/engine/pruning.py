"""Prune: make room ahead, remove what is older than is kept.

Owns the rounds. Rows go in small steps through the group commit with pauses between, so that publishers and attempts
hardly notice; PostgreSQL's partitions go whole, each in a short transaction of its own that gives up when it would make
others wait. Of several processes one prunes, whichever comes first.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeAlias

from msgspec import Struct
from sqlalchemy import Connection

from tidings.actions.context import Context
from tidings.checkpoints import Checkpoint, passing
from tidings.core.instants import SECOND, Instant, Span
from tidings.errors import Unavailable
from tidings.store import partitions
from tidings.store.dialects import is_shared, shared_now, try_to_be_the_one
from tidings.store.group_commit import each
from tidings.store.partitions import Partitioned
from tidings.store.retention import SWEEPS, Sweep, Swept
from tidings.store.transaction import Transaction
from tidings.telemetry.pruning_facts import PartitionDropped, PartitionsMade, PruningPutOff, RowsPruned

MOST_AT_ONCE = 500
"""Rows looked at in one step: a few milliseconds of the one writer that SQLite has."""
_SHORTEST_ROUND_S = 1.0
_LONGEST_ROUND_S = 60.0
_ROUNDS = 10
_SHARE = 0.2
"""The part of the time in which the pruner may write."""
_SHORTEST_PAUSE_S = 0.02
_LARGEST_STEP: Span = 3600 * SECOND
"""By so much the clock may be set ahead while the service runs, and be believed."""
_SWEEP_LOCK = 0x7469_6473_7770

Rest: TypeAlias = Callable[[float], Awaitable[None]]
"""Rests so many seconds, or until the service stops."""


class Pruner:
    """One process's pruner. ``stopping`` says whether to leave the rest of a round to the next start."""

    def __init__(self, ctx: Context, *, rest: Rest, stopping: Callable[[], bool]) -> None:
        self._ctx = ctx
        self._rest = rest
        self._stopping = stopping
        self._began: Instant | None = None
        shortest = ctx.limits.retention.attempts / SECOND
        self._round_s = min(_LONGEST_ROUND_S, max(_SHORTEST_ROUND_S, shortest / _ROUNDS))

    async def run(self) -> None:
        """Do one round and rest until the next. What a database in trouble refuses is left to a later round."""
        try:
            await self._round()
        except Unavailable as error:
            self._ctx.emit(PruningPutOff(str(error)))
        await self._rest(self._round_s)

    async def look_at_new_partitions(self) -> None:
        """Have PostgreSQL's planner know of partitions that begin to fill, and rest."""
        with suppress(Unavailable):
            await self._ctx.store.write_alone(partitions.look_at_new_ones)
        await self._rest(_SHORTEST_ROUND_S)

    async def _round(self) -> None:
        shared = await self._ctx.store.read(is_shared)
        now = self._believed(await self._ctx.store.read(partial(shared_now, clock=self._ctx.clock)))
        if shared:
            await self._make_partitions(now)
        for sweep in SWEEPS:
            if not (shared and sweep.partitioned):
                await self._sweep(sweep, now - sweep.kept(self._ctx.limits.retention))
        if shared:
            await self._drop_partitions(now)

    def _believed(self, shared: Instant) -> Instant:
        # A clock that is set a year ahead by mistake must not cost the whole history: neither this machine's, if the
        # database knows better, nor the only one there is, if it was set while the service runs.
        now, elapsed = self._ctx.clock.now(), self._ctx.clock.monotonic()
        if self._began is None:
            self._began = now - elapsed
        return min(now, shared + _LARGEST_STEP, self._began + elapsed + _LARGEST_STEP)

    async def _sweep(self, sweep: Sweep, cutoff: Instant) -> None:
        after: str | None = ""
        count = 0
        while after is not None and not self._stopping():
            began = self._ctx.clock.monotonic()
            swept = await self._ctx.store.write(_step, _Step(sweep, cutoff, after))
            count, after = count + swept.count, swept.after
            if after is not None:
                took = (self._ctx.clock.monotonic() - began) / SECOND
                await self._rest(max(_SHORTEST_PAUSE_S, took * (1 - _SHARE) / _SHARE))
        if count:
            self._ctx.emit(RowsPruned(sweep.table, count))

    async def _make_partitions(self, now: Instant) -> None:
        for of in partitions.PARTITIONED:
            work = partial(partitions.make_ahead, of=of, retention=self._ctx.limits.retention, now=now)
            made = await self._ctx.store.write_alone(work)
            if made:
                self._ctx.emit(PartitionsMade(made))

    async def _drop_partitions(self, now: Instant) -> None:
        for of in partitions.PARTITIONED:
            for one in await self._ctx.store.read(self._outlived(of, now)):
                if await self._ctx.store.write_alone(partial(partitions.drop, of=of, partition=one)):
                    self._ctx.emit(PartitionDropped(one.name))

    def _outlived(self, of: Partitioned, now: Instant) -> Callable[[Connection], Sequence[partitions.Partition]]:
        return partial(partitions.outlived, of=of, retention=self._ctx.limits.retention, now=now)


class _Step(Struct, frozen=True):
    sweep: Sweep
    cutoff: Instant
    after: str


def _step_one(transaction: Transaction, step: _Step) -> Swept:
    connection = transaction.connection
    if not try_to_be_the_one(connection, _SWEEP_LOCK):
        return Swept(0, None)
    swept = step.sweep.step(connection, step.cutoff, step.after, MOST_AT_ONCE)
    if swept.count:
        passing(Checkpoint.BEFORE_PRUNE_COMMIT)
    return swept


_step = each(_step_one)
