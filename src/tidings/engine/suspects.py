"""Suspects: what lost its lease again and again may be what kills us, and is sent apart from the others.

Owns the loop that sends one such delivery at a time (guarantee G16, docs/decisions/0016). Whatever kills the process
then takes no other suspect with it, and what it takes of the others becomes a suspect before it is given up.
"""

import asyncio
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from functools import partial

from tidings.actions.context import Context
from tidings.core.model import Lease
from tidings.engine.attempts import Attempts
from tidings.engine.claiming import SuspectClaim, claim_suspects
from tidings.engine.lanes import Lanes
from tidings.engine.waiting import within
from tidings.store import leases
from tidings.store.leases import Suspect
from tidings.telemetry.facts import SuspectSent

_ROUND_S = 1.0
_SHORTEST_ROUND_S = 0.02
PATIENCE_S = 1.0
"""A suspect that is in flight for so long no longer holds up the next: a silent receiver would until its timeout."""
_MOST_LOOKED_AT = 100


class Suspects:
    """Claims suspects and has ``attempts`` made, one after the other; ``room_in`` learns of room they leave unused."""

    def __init__(self, ctx: Context, *, lanes: Lanes, attempts: Attempts, room_in: Callable[[str], None]) -> None:
        self._ctx = ctx
        self._lanes = lanes
        self._attempts = attempts
        self._others_have_room_in = room_in
        self._kept_for: AbstractSet[str] = frozenset()
        self._news = asyncio.Event()
        self._stopping = False
        self._refused: str | None = None

    def room_in(self, webhook: str) -> None:
        """Learn that this lane has fewer in flight."""
        if webhook in self._kept_for:
            self._news.set()

    def stop(self) -> None:
        """Claim no more. Stopping twice is stopping once."""
        self._stopping = True
        self._news.set()

    async def run(self) -> None:
        """Send suspects until stopped. Raises Unavailable when the store fails; run again later."""
        try:
            while not self._stopping:
                self._news.clear()
                await self._send_one()
        finally:
            # Whatever ended this, the others' lanes are theirs.
            self._keep_for(frozenset())

    async def _send_one(self) -> None:
        now = self._ctx.clock.now()
        found = await self._ctx.store.read(partial(leases.due_suspects, now=now, most=_MOST_LOOKED_AT))
        passed_over, self._refused = self._refused, None
        found = [one for one in found if one.id != passed_over]
        chosen = next((one for one in found if self._lanes.take_apart(one.webhook_id)), None)
        if chosen is not None:
            self._keep_for(frozenset())
            await self._send(chosen)
        else:
            # In each of these lanes, not in the first alone: that one may be full until its receiver times out.
            self._keep_for({one.webhook_id for one in found})
            await within(_ROUND_S, self._news)

    def _keep_for(self, webhooks: AbstractSet[str]) -> None:
        let_go, self._kept_for = self._kept_for - webhooks, webhooks
        self._lanes.keep_for(webhooks)
        for webhook in let_go:
            self._others_have_room_in(webhook)

    async def _send(self, suspect: Suspect) -> None:
        claim = SuspectClaim(self._ctx, suspect, self._attempts.hold)
        claimed: list[Lease] = []
        try:
            claimed = await self._ctx.store.write(claim_suspects, claim)
        finally:
            if not claimed:
                self._lanes.give_back(suspect.webhook_id, apart=True)
                self._others_have_room_in(suspect.webhook_id)
        if claimed:
            for lease in claimed:
                self._ctx.emit(SuspectSent(lease.delivery, lease.webhook, lease.number))
            await asyncio.wait(self._attempts.begin(claimed, apart=True), timeout=PATIENCE_S)
        else:
            # Somebody else has it just now, and may have it for long: the next one goes first.
            self._refused = suspect.id
            await within(_SHORTEST_ROUND_S, self._news)
