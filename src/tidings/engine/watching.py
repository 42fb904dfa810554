"""The watch: tells whoever runs the platform what has failed, keeps failing, has recovered or piles up.

Owns the decision what is told. It is told and noted in one transaction, by one process at a time: each thing once,
across processes and restarts. Bounded: in each round at most ``MOST_FAILURES`` failed deliveries, as many in one event
as it holds, and one event for each webhook that changed.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from tidings.actions.context import Context, Operations
from tidings.actions.operations import Teller
from tidings.checkpoints import Checkpoint, passing
from tidings.core.instants import Instant
from tidings.core.model import State
from tidings.core.operational_events import (
    MOST_DELIVERIES,
    BacklogOverLimit,
    BacklogRecovered,
    DeliveriesFailed,
    FailedDelivery,
    OperationalEvent,
    WebhookFailing,
    WebhookRecovered,
    spelt,
)
from tidings.engine.health import Health
from tidings.store import conditions
from tidings.store.conditions import Failing, Failure, Untold
from tidings.store.group_commit import each
from tidings.store.transaction import Transaction
from tidings.telemetry.facts import OperationalEventTold

MOST_FAILURES = 1_000
ROUND_S = 1.0


class Watch:
    """Looks after everything once a second."""

    def __init__(self, ctx: Context, operations: Operations, health: Health) -> None:
        self._ctx = ctx
        self._operations = operations
        self._health = health

    async def look(self, rest: Callable[[float], Awaitable[None]]) -> None:
        """Tell what there is to tell, and rest until it is time to look again. Raises Unavailable."""
        failures = self._health.failures()
        seen = await self._ctx.store.write(_look, _Look(self._ctx, self._operations, self._health, failures))
        if seen.is_mine:
            self._health.forget(failures)
        for event in seen.told:
            self._ctx.emit(OperationalEventTold(event.event_type, event.id))
        if not seen.is_full:
            await rest(ROUND_S)


class _Look(Struct, frozen=True):
    ctx: Context
    operations: Operations
    health: Health
    failures: Sequence[Failure]


class _Seen(Struct, frozen=True):
    """``is_mine`` is False when another process looks; ``is_full`` when there is more to tell at once."""

    is_mine: bool
    told: Sequence[OperationalEvent] = ()
    is_full: bool = False


def _look_once(transaction: Transaction, look: _Look) -> _Seen:
    if not conditions.hold(transaction.connection):
        return _Seen(is_mine=False)
    now = look.ctx.clock.now()
    teller = Teller(look.ctx, transaction, now=now)
    if not teller.has_listener:
        # Another process has other settings: what is to be told stays until somebody listens.
        return _Seen(is_mine=False)
    one = _Watching(transaction, look, teller, now)
    is_full = one.tell_failures()
    one.tell_recoveries()
    one.tell_failing()
    one.tell_backlog()
    teller.flush()
    passing(Checkpoint.BEFORE_TELLING_COMMIT)
    return _Seen(is_mine=True, told=one.told, is_full=is_full)


class _Watching:
    """One look, in its transaction."""

    def __init__(self, transaction: Transaction, look: _Look, teller: Teller, now: Instant) -> None:
        self._connection = transaction.connection
        self._look = look
        self._teller = teller
        self._now = now
        self.told: list[OperationalEvent] = []

    def tell_failures(self) -> bool:
        """Tell deliveries that failed for good, by webhook; return whether there may be more."""
        found = conditions.untold(self._connection, most=MOST_FAILURES)
        by_webhook: dict[tuple[str, str], list[FailedDelivery]] = defaultdict(list)
        for row in found:
            if row.state == State.FAILED:
                by_webhook[row.partner_id or "", row.webhook_id or ""].append(_failed(row))
        for (partner, webhook), failed in by_webhook.items():
            for first in range(0, len(failed), MOST_DELIVERIES):
                some = tuple(failed[first : first + MOST_DELIVERIES])
                self._tell(DeliveriesFailed(**self._head(), partner=partner, webhook=webhook, deliveries=some))
        if found:
            conditions.forget_failures(self._connection, [row.id for row in found])
        return len(found) == MOST_FAILURES

    def tell_recoveries(self) -> None:
        """Tell webhooks that answer again, and write down what this process heard of the others."""
        failing = conditions.failing(self._connection)
        well = {row.webhook_id: at for row in failing if (at := self._look.health.recovered_at(row)) is not None}
        for row in failing:
            if row.webhook_id in well and row.told_at is not None:
                self._tell(self._recovered(row, well[row.webhook_id]))
        if failing:
            conditions.end_failing(self._connection, list(well))
        self._note_failures({row.webhook_id for row in failing} - well.keys())

    def tell_failing(self) -> None:
        """Tell webhooks that have failed for long enough."""
        after = self._look.operations.failing_after
        long = [
            row
            for row in conditions.failing(self._connection)
            if row.told_at is None and row.last_failed_at - row.failing_since >= after
        ]
        for row in long:
            self._tell(self._failing(row))
        if long:
            conditions.mark_told(self._connection, [row.webhook_id for row in long], now=self._now)

    def tell_backlog(self) -> None:
        """Tell when more is pending than should be, and when that is over: at half of it, so as not to flutter."""
        limit, since = self._look.operations.backlog, conditions.backlog_told_at(self._connection)
        pending = conditions.pending(self._connection)
        if since is None and pending > limit:
            self._tell(BacklogOverLimit(**self._head(), pending=pending, limit=limit))
            conditions.set_backlog_told(self._connection, self._now)
        elif since is not None and pending <= limit // 2:
            self._tell(BacklogRecovered(**self._head(), pending=pending, limit=limit, over_since=spelt(since)))
            conditions.set_backlog_told(self._connection, None)

    def _note_failures(self, known: set[str]) -> None:
        begun = [one for one in self._look.failures if one.webhook_id not in known]
        going_on = [one for one in self._look.failures if one.webhook_id in known]
        if begun:
            conditions.begin_failing(self._connection, begun)
        if going_on:
            conditions.go_on_failing(self._connection, going_on)

    def _tell(self, event: OperationalEvent) -> None:
        self._teller.tell(event)
        self.told.append(event)

    def _head(self) -> dict[str, str]:
        return {"id": self._teller.new_id(), "timestamp": spelt(self._now)}

    def _failing(self, row: Failing) -> WebhookFailing:
        return WebhookFailing(
            **self._head(),
            partner=row.partner_id,
            webhook=row.webhook_id,
            failing_since=spelt(row.failing_since),
            last_failed_at=spelt(row.last_failed_at),
            last_outcome=row.last_outcome,
        )

    def _recovered(self, row: Failing, at: Instant) -> WebhookRecovered:
        return WebhookRecovered(
            **self._head(),
            partner=row.partner_id,
            webhook=row.webhook_id,
            failing_since=spelt(row.failing_since),
            recovered_at=spelt(at),
        )


def _failed(row: Untold) -> FailedDelivery:
    return FailedDelivery(
        id=row.id,
        event=row.event_id or "",
        event_type=row.event_type or "",
        attempts=row.attempts or 0,
        outcome=row.last_outcome,
        http_status=row.last_status,
        created_at=spelt(row.created_at or 0),
        finished_at=spelt(row.finished_at or 0),
    )


_look = each(_look_once)
