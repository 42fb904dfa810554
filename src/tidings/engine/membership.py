"""This process among those that work on the database: what it says, what it hears, and what it may use of each lane.

Owns the heartbeat of the protocol in ``core.membership``. Looks at the database's clock for what others said, and at
its own monotonic one for everything else: a wall clock that is set changes nothing.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache, partial

from msgspec import Struct

from tidings.actions.context import Context
from tidings.core.instants import SECOND, Instant, Span
from tidings.core.membership import OUT_OF_TOUCH, Roll, Said, Terms
from tidings.engine.lanes import Lanes
from tidings.store import processes
from tidings.store.dialects import shared_now
from tidings.store.group_commit import each
from tidings.store.transaction import Transaction

ROUND_S = 1.0
"""How often a process says that it lives."""
_FORGOTTEN: Span = 60 * SECOND
_ID_BYTES = 8
_REMEMBERED = 65_536


class Membership:
    """Tells ``lanes`` this process's share of each lane, and ``changed`` that there may be more room than before."""

    def __init__(self, ctx: Context, *, lane_limit: int, lanes: Lanes, changed: Callable[[], None]) -> None:
        self._ctx = ctx
        self._lane_limit = lane_limit
        self._lanes = lanes
        self._changed = changed
        self._terms = Terms(ctx.entropy(_ID_BYTES).hex())
        self._roll = Roll()
        self._heard_at: Span | None = None
        self._use(self._terms)
        lanes.take_only_while(self._is_in_touch)

    @property
    def knows_the_time(self) -> bool:
        """Whether the clock that leases go by agrees with the others'."""
        return self._heard_at is not None

    async def take_part(self, rest: Callable[[float], Awaitable[None]]) -> None:
        """Say that this process lives, hear who else does, and rest until that must be said again.

        Raises Unavailable.
        """
        began = self._ctx.clock.monotonic()
        heard = await self._ctx.store.write(_beat, _Beat(self._ctx, self._terms, self._lanes.over_share()))
        self._listen(heard, began)
        if self._roll.living() != self._terms.view:
            # What was shrunk is said at once: others wait for it.
            self._use(self._terms.shrunk_for(self._roll.living()))
            return
        self._use(self._terms.agreed(heard.said))
        await rest(ROUND_S)

    async def leave(self) -> None:
        """Let the others have this process's share at once. Raises Unavailable."""
        await self._ctx.store.write(_leave, self._terms.process)

    def _listen(self, heard: "_Heard", began: Span) -> None:
        if not self._is_in_touch():
            # The others may have shared out what this process had.
            self._use(Terms(self._terms.process))
        # Counted from before the word was said: others may have heard it at any moment since.
        self._heard_at = began
        self._roll = self._roll.after(heard.said, at=began, now=heard.now)
        # One clock judges the leases of all: the database's.
        self._ctx.clock.keep_to(heard.now, seen_at=heard.asked_at)

    def _use(self, terms: Terms) -> None:
        if terms != self._terms or terms.view == ():
            self._terms = terms
            self._lanes.share_out(lru_cache(_REMEMBERED)(partial(terms.share, limit=self._lane_limit)))
            self._changed()

    def _is_in_touch(self) -> bool:
        return self._heard_at is not None and self._ctx.clock.monotonic() - self._heard_at < OUT_OF_TOUCH


class _Beat(Struct, frozen=True):
    ctx: Context
    terms: Terms
    busy: Sequence[str]


class _Heard(Struct, frozen=True):
    now: Instant
    asked_at: Span
    said: Sequence[Said]


def _beat_one(transaction: Transaction, beat: _Beat) -> _Heard:
    connection = transaction.connection
    asked_at, now = beat.ctx.clock.monotonic(), shared_now(connection, beat.ctx.clock)
    processes.beat(connection, beat.terms.process, now=now, view=beat.terms.view, busy=beat.busy)
    processes.forget(connection, before=now - _FORGOTTEN)
    return _Heard(now, asked_at, processes.everybody(connection))


def _leave_one(transaction: Transaction, process: str) -> None:
    processes.leave(transaction.connection, process)


_beat = each(_beat_one)
_leave = each(_leave_one)
