"""The backlog's history: looks once a second how many deliveries wait, and writes each minute down when it is over.

Owns the minute that is not over; with a process that is killed it is lost, and whoever else runs has it too. Of several
processes each writes down what it saw, and the most stays.
"""

from collections.abc import Awaitable, Callable

from msgspec import Struct

from tidings.actions.context import Context
from tidings.core.instants import Instant
from tidings.store import backlog, conditions
from tidings.store.backlog import Height
from tidings.store.group_commit import each
from tidings.store.statistics import SPANS, Resolution
from tidings.store.transaction import Transaction

ROUND_S = 1.0
_MINUTE = SPANS[Resolution.MINUTE]


class Backlog:
    """One process's look at it. ``stopping`` says when to write down what there is of the last minute."""

    def __init__(self, ctx: Context, *, rest: Callable[[float], Awaitable[None]], stopping: Callable[[], bool]) -> None:
        self._ctx = ctx
        self._rest = rest
        self._stopping = stopping
        self._minute: Instant | None = None
        self._most = 0

    async def run(self) -> None:
        """Look until the service stops. Raises Unavailable; what was seen before is written down later."""
        while not self._stopping():
            await self.look()
            await self._rest(ROUND_S)
        await self._write_down()

    async def look(self) -> None:
        """Look once. Raises Unavailable."""
        now = self._ctx.clock.now()
        if self._minute is not None and self._minute != now - now % _MINUTE and not await self._write_down():
            return
        pending = await self._ctx.store.read(conditions.pending)
        self._most = max(self._most, pending)
        self._minute = now - now % _MINUTE

    async def _write_down(self) -> bool:
        if self._minute is None:
            return True
        # At the end of the minute only: it asks of every lane.
        due_at = await self._ctx.store.read(backlog.first_due_at)
        ended_at = min(self._ctx.clock.now(), self._minute + _MINUTE)
        overdue = 0 if due_at is None else max(0, ended_at - due_at)
        seen = _Seen(self._minute, Height(pending=self._most, overdue=overdue))
        written = await self._ctx.store.write(_note, seen)
        if written:
            self._minute, self._most = None, 0
        return written


class _Seen(Struct, frozen=True):
    minute: Instant
    height: Height


def _note_one(transaction: Transaction, seen: _Seen) -> bool:
    return backlog.note(transaction.connection, seen.minute, seen.height)


_note = each(_note_one)
