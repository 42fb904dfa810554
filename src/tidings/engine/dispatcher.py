"""The dispatcher: gives lanes that have something due their turn, as long as there are slots.

Owns the claim loop. What it knows of due lanes is a hint (``Agenda``); what it gets is decided by the store.
"""

import asyncio
from collections.abc import Iterable

from tidings.actions.context import Context
from tidings.core.instants import SECOND, Instant
from tidings.engine.agenda import Agenda
from tidings.engine.attempts import Attempts
from tidings.engine.claiming import Claim, Claimed, claim_all
from tidings.engine.lanes import Lanes, Room
from tidings.engine.waiting import within

_LONGEST_NAP_S = 1.0


class Dispatcher:
    """Claims due deliveries and has ``attempts`` made for their leases."""

    def __init__(self, ctx: Context, *, lanes: Lanes, attempts: Attempts) -> None:
        self._ctx = ctx
        self._lanes = lanes
        self._begin = attempts.begin
        self._hold = attempts.hold
        self._agenda = Agenda()
        self._news = asyncio.Event()
        self._stopping = False

    def notice(self, webhooks: Iterable[str], due_at: Instant) -> None:
        """Learn that these lanes have something due at ``due_at``."""
        for webhook in webhooks:
            self._agenda.notice(webhook, due_at)
        self._news.set()

    def room_in(self, webhook: str) -> None:
        """Learn that this lane has fewer in flight."""
        if self._agenda.room_in(webhook) or self._agenda.has_ready:
            self._news.set()

    def room_everywhere(self) -> None:
        """Learn that the lanes' limits have changed."""
        self._agenda.room_everywhere()
        self._news.set()

    def stop(self) -> None:
        """Claim no more. Stopping twice is stopping once."""
        self._stopping = True
        self._news.set()

    async def run(self) -> None:
        """Claim until stopped. Raises Unavailable when the store fails; run again later."""
        while not self._stopping:
            self._news.clear()
            if not await self._claim_once():
                await self._nap()

    async def _claim_once(self) -> bool:
        wanted = self._take_room(self._agenda.ready(self._ctx.clock.now(), max(0, self._lanes.free)))
        # Fresh deliveries wait their turn while lanes that are due find no slot.
        if not self._stopping:
            self._lanes.hand_over(allowed=not self._agenda.has_ready)
        if not wanted:
            # Lanes that wait for room now were looked at for nothing: go on to the next ones at once.
            return self._agenda.has_ready and self._lanes.free > 0
        claimed = await self._claim(wanted)
        self._agenda.again(lane for lane in wanted if lane not in claimed.exhausted)
        for lane, due_at in claimed.next_due.items():
            self._agenda.notice(lane, due_at)
        return True

    def _take_room(self, ready: list[str]) -> dict[str, int]:
        wanted: dict[str, int] = {}
        fair_share = max(1, self._lanes.free // max(1, len(ready)))
        for webhook in ready:
            got = self._lanes.take(webhook, _power_of_two(fair_share))
            if isinstance(got, int):
                most = _power_of_two(got)
                self._lanes.give_back(webhook, got - most)
                wanted[webhook] = most
            elif got is Room.NO_SLOT:
                self._agenda.again([webhook])
            else:
                self._agenda.park(webhook, failing=got is Room.FAILING_FULL)
        return wanted

    async def _claim(self, wanted: dict[str, int]) -> Claimed:
        try:
            claimed = await self._ctx.store.write(claim_all, Claim(self._ctx, wanted, self._hold))
        except BaseException:
            self._give_back(wanted)
            self._agenda.again(wanted)
            raise
        unused = dict(wanted)
        for lease in claimed.leases:
            unused[lease.webhook] -= 1
        self._give_back(unused)
        self._begin(claimed.leases)
        return claimed

    def _give_back(self, unused: dict[str, int]) -> None:
        for webhook, count in unused.items():
            if count:
                self._lanes.give_back(webhook, count)
                self.room_in(webhook)

    async def _nap(self) -> None:
        due_at = self._agenda.next_at()
        wait_s = _LONGEST_NAP_S
        if due_at is not None:
            wait_s = min(wait_s, max(0.0, (due_at - self._ctx.clock.now()) / SECOND))
        await within(wait_s, self._news)


def _power_of_two(number: int) -> int:
    return 1 << (number.bit_length() - 1)
