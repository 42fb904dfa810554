"""Who else works on this database, and what is this process's share of each lane.

Owns the heartbeat. A process that joins works only when the others have had time to learn of it, so that a lane's
limit holds across processes while they come; when one dies, its share lies idle until its silence is noticed.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import TypeAlias

from msgspec import Struct

from tidings.actions.context import Context
from tidings.core.instants import SECOND, Span
from tidings.core.sharing import share
from tidings.store import processes
from tidings.store.group_commit import each
from tidings.store.transaction import Transaction

ROUND_S = 1.0
"""How often a process says that it lives."""
SILENCE: Span = 6 * SECOND
"""After so long without a word a process counts as dead."""
_FORGOTTEN: Span = 60 * SECOND
_TIME_TO_BE_HEARD_S = 2.5
_ID_BYTES = 8
_REMEMBERED = 65_536

ShareOut: TypeAlias = Callable[[Callable[[str], int]], None]
"""Is told how to look up the share of a lane."""


class Membership:
    """This process among the others. ``share_out`` is told this process's share of each lane whenever it changes."""

    def __init__(self, ctx: Context, *, lane_limit: int, share_out: ShareOut) -> None:
        self._ctx = ctx
        self._lane_limit = lane_limit
        self._share_out = share_out
        self._me = ctx.entropy(_ID_BYTES).hex()
        self._members: Sequence[str] = ()
        self._joined = False

    async def take_part(self, rest: Callable[[float], Awaitable[None]]) -> None:
        """Say that this process lives, learn who else does, and rest until that must be said again.

        Raises Unavailable.
        """
        members = await self._ctx.store.write(_beat, _Beat(self._ctx, self._me))
        if not self._joined and len(members) > 1:
            # The others still share everything among themselves: let each of them hear of this process first.
            await rest(_TIME_TO_BE_HEARD_S)
        if not self._joined or members != self._members:
            self._members, self._joined = members, True
            self._share_out(lru_cache(maxsize=_REMEMBERED)(self._share_of))
        await rest(ROUND_S)

    async def leave(self) -> None:
        """Let the others have this process's share at once. Raises Unavailable."""
        await self._ctx.store.write(_leave, self._me)

    def _share_of(self, webhook: str) -> int:
        return share(self._lane_limit, lane=webhook, process=self._me, processes=self._members)


class _Beat(Struct, frozen=True):
    ctx: Context
    process: str


def _beat_one(transaction: Transaction, beat: _Beat) -> Sequence[str]:
    connection, now = transaction.connection, beat.ctx.clock.now()
    processes.beat(connection, beat.process, now=now)
    processes.forget(connection, before=now - _FORGOTTEN)
    return processes.living(connection, since=now - SILENCE)


def _leave_one(transaction: Transaction, process: str) -> None:
    processes.leave(transaction.connection, process)


_beat = each(_beat_one)
_leave = each(_leave_one)
