"""From a name to addresses, with what was learned a moment ago.

Owns the cache of answers and failures, the deadline and the number of look-ups that one partner may have under way
(security.md section 2). Refuses to judge an address.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from msgspec import Struct

from tidings.clock import Clock
from tidings.core.instants import MILLISECOND, SECOND, Instant, Span, to_seconds
from tidings.sender.lookup import NameServers
from tidings.telemetry.facts import Emit, NameLookedUp, tell_nobody

DEADLINE: Span = 3 * SECOND
REUSED: Span = 30 * SECOND
FAILURE_REUSED: Span = 2 * SECOND
LOOKUPS_PER_PARTNER = 4
_MOST_KEPT = 10_000


class Answer(Struct, frozen=True):
    """What a look-up gave; no addresses means that it failed. ``until`` is a moment of the monotonic clock."""

    addresses: tuple[str, ...]
    until: Instant


class _Line:
    """A partner's look-ups: those under way and those that wait. Forgotten when nobody is left in it."""

    __slots__ = ("places", "users")

    def __init__(self) -> None:
        self.places = asyncio.Semaphore(LOOKUPS_PER_PARTNER)
        self.users = 0


class Resolver:
    """Asks ``servers`` (``host:port``), or the system's when there are none, once for all who ask at the same time."""

    def __init__(self, *, servers: Sequence[str], clock: Clock, emit: Emit = tell_nobody) -> None:
        self._name_servers = NameServers(servers)
        self._emit = emit
        self._clock = clock
        self._kept: OrderedDict[str, Answer] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[tuple[str, ...]]] = {}
        self._lines: dict[str, _Line] = {}

    def known(self, name: str, now: Span) -> tuple[str, ...] | None:
        """Return the answer that may still be used at ``now`` (monotonic), none when the name must be asked."""
        kept = self._kept.get(name)
        return kept.addresses if kept is not None and now < kept.until else None

    async def addresses(self, partner: str, name: str, *, within: Span) -> tuple[str, ...]:
        """Return all addresses of ``name``; none when the look-up failed or took longer than ``within``."""
        try:
            async with asyncio.timeout(to_seconds(min(within, DEADLINE))):
                return await self._in_turn(partner, name)
        except TimeoutError:
            return ()

    async def close(self) -> None:
        """Give up every look-up under way and close the channels."""
        tasks = tuple(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._name_servers.close()

    async def _in_turn(self, partner: str, name: str) -> tuple[str, ...]:
        line = self._lines.setdefault(partner, _Line())
        line.users += 1
        try:
            async with line.places:
                # Whoever was before us in the line may have asked for the same name.
                known = self.known(name, self._clock.monotonic())
                return await self._shared(name) if known is None else known
        finally:
            line.users -= 1
            if not line.users:
                del self._lines[partner]

    async def _shared(self, name: str) -> tuple[str, ...]:
        task = self._under_way.get(name)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._look_up(name))
            self._under_way[name] = task
            task.add_done_callback(lambda _: self._under_way.pop(name, None))
        try:
            # Shielded: one who gives up must not take the answer from the others.
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
            # The resolver was closed; whoever waited was not cancelled and must not look as if.
            return ()

    async def _look_up(self, name: str) -> tuple[str, ...]:
        began = self._clock.monotonic()
        try:
            async with asyncio.timeout(to_seconds(DEADLINE)):
                addresses = await self._name_servers.addresses(name)
        except TimeoutError:
            addresses = ()
        self._emit(NameLookedUp(bool(addresses), (self._clock.monotonic() - began) / MILLISECOND))
        self._keep(name, addresses)
        return addresses

    def _keep(self, name: str, addresses: tuple[str, ...]) -> None:
        reused = REUSED if addresses else FAILURE_REUSED
        self._kept[name] = Answer(addresses, self._clock.monotonic() + reused)
        self._kept.move_to_end(name)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
