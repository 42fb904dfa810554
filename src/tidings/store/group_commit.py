"""Many writes, one flush: those who wait at the same moment share a transaction.

Owns the queue of waiting writes and the rule that one member's failure is its own. A write is a *work* (a function over
a set of items, one statement for all of them where it can) and one item of it.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

from sqlalchemy import Connection

from tidings.clock import Clock
from tidings.core.delivery import Move
from tidings.core.instants import MILLISECOND
from tidings.errors import TidingsError, Unavailable
from tidings.store import audit, journal, tallies
from tidings.store.database import Database
from tidings.store.transaction import Transaction
from tidings.telemetry.facts import CommitEnded, Emit, ServiceLoopFailed

Item = TypeVar("Item")
Result = TypeVar("Result")

Work: TypeAlias = Callable[[Transaction, Sequence[Item]], Sequence[Result | TidingsError]]
"""Does something for each item, in order, and returns a result, or the item's own error, for each."""

_MOST_MEMBERS = 512


class _Member(Generic[Item, Result]):
    __slots__ = ("future", "item", "work")

    def __init__(self, work: Work[Item, Result], item: Item, future: asyncio.Future[Result]) -> None:
        self.work = work
        self.item = item
        self.future = future


_Group: TypeAlias = Sequence[_Member[Any, Any]]


class GroupCommit:
    """The one door through which everything is written. ``run`` returns when the write is committed and flushed."""

    def __init__(self, database: Database, *, clock: Clock, emit: Emit, shard: int = 0) -> None:
        self._database = database
        self._clock = clock
        self._emit = emit
        self._shard = shard
        self._waiting: list[_Member[Any, Any]] = []
        self._task: asyncio.Task[None] | None = None
        self._moves: Counter[Move] = Counter()

    async def run(self, work: Work[Item, Result], item: Item) -> Result:
        """Write ``item`` with ``work`` and return its result.

        Raises the item's own ``TidingsError``, or ``Unavailable`` when the database failed: then nobody knows
        whether it was written.
        """
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Member(work, item, future))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._commit_all())
        return await future

    async def close(self) -> None:
        """Wait until everything handed in is written."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _commit_all(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:_MOST_MEMBERS], self._waiting[_MOST_MEMBERS:]
                await self._commit(group)
        finally:
            self._task = None

    async def _commit(self, group: _Group) -> None:
        began = self._clock.monotonic()
        self._moves.clear()
        try:
            await self._write(group)
        except Exception as error:  # noqa: BLE001 - whatever it was, it belongs to the members that wait
            await self._commit_one_by_one(group, error)
        took = (self._clock.monotonic() - began) / MILLISECOND
        self._emit(CommitEnded(members=len(group), duration_ms=took, moves=dict(self._moves)))

    async def _write(self, group: _Group) -> None:
        # The database may try more than once, as after a deadlock: each try is a transaction of its own.
        tries: list[Transaction] = []

        def write(connection: Connection) -> list[Any]:
            tries.append(Transaction(connection))
            results = _run(tries[-1], group)
            if tries[-1].entries:
                audit.insert(connection, tries[-1].entries)
            if tries[-1].moves:
                tallies.add(connection, tries[-1].moves, shard=self._shard)
            journal.write(connection, tries[-1].draft, now=self._clock.now())
            return results

        committed = None
        try:
            results = await self._database.write(write)
            committed = tries[-1]
            self._moves.update(committed.moves)
        finally:
            for transaction in tries:
                if transaction is not committed:
                    transaction.rolled_back()
        self._follow(committed)
        for member, result in zip(group, results, strict=True):
            _settle(member, result)

    def _follow(self, committed: Transaction) -> None:
        try:
            committed.committed()
        except Exception as error:  # noqa: BLE001 - what is committed must not be written again for what follows it
            self._emit(ServiceLoopFailed("group commit", type(error).__name__))

    async def _commit_one_by_one(self, group: _Group, error: Exception) -> None:
        # A database that is down fails all of them alike; any other error is one member's, and the rest go on.
        if len(group) == 1 or isinstance(error, Unavailable):
            for member in group:
                _settle(member, error)
            return
        for member in group:
            try:
                await self._write([member])
            except Exception as own:  # noqa: BLE001 - as above
                _settle(member, own)


def _run(transaction: Transaction, group: _Group) -> list[Any]:
    by_work: dict[Work[Any, Any], list[int]] = {}
    for position, member in enumerate(group):
        by_work.setdefault(member.work, []).append(position)
    results: list[Any] = [None] * len(group)
    for work, positions in by_work.items():
        answers = work(transaction, [group[position].item for position in positions])
        for position, answer in zip(positions, answers, strict=True):
            results[position] = answer
    return results


def _settle(member: _Member[Any, Any], result: object) -> None:
    if member.future.done():
        return
    if isinstance(result, Exception):
        member.future.set_exception(result)
    else:
        member.future.set_result(result)


def each(work: Callable[[Transaction, Item], Result]) -> Work[Item, Result]:
    """Make a work of a function for a single item; its own errors become that item's result.

    The function must raise before it writes: what it wrote stays in the shared transaction.
    """

    def over_all(transaction: Transaction, items: Sequence[Item]) -> list[Result | TidingsError]:
        return [_attempt(work, transaction, item) for item in items]

    return over_all


def _attempt(
    work: Callable[[Transaction, Item], Result], transaction: Transaction, item: Item
) -> Result | TidingsError:
    try:
        return work(transaction, item)
    except TidingsError as error:
        return error
