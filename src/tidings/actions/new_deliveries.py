"""New deliveries: queued for a claim, or handed over to the engine of this very process.

Owns the hand-over: a delivery for which the engine has a free slot is leased in the transaction that creates it, so
that the common case needs no claim (design.md section 3).
"""

from functools import partial

from msgspec import Struct

from tidings.actions.context import Context
from tidings.actions.targets import Target
from tidings.core import ids
from tidings.core.delivery import TRANSITIONS, Move
from tidings.core.instants import Instant
from tidings.core.model import Lease
from tidings.store import attempts, deliveries
from tidings.store.attempts import BegunAttempt
from tidings.store.deliveries import NewDelivery
from tidings.store.dialects import wake_others
from tidings.store.transaction import Transaction

_TOKEN_BYTES = 12


class Origin(Struct, frozen=True):
    """The event that a delivery is of."""

    partner: str
    event: str
    event_type: str
    payload: str


class NewDeliveries:
    """Collects deliveries for one transaction and writes them with ``flush``."""

    def __init__(self, ctx: Context, transaction: Transaction, *, now: Instant) -> None:
        self._ctx = ctx
        self._transaction = transaction
        self._now = now
        steady = ctx.clock.steady()
        # Due at once, for every process: a wall clock that was set ahead here would have the others wait for it.
        self._due_at = min(now, steady)
        self._chance = ids.Draughts(ctx.entropy)
        self._until = steady + ctx.limits.lease
        self._start_by = ctx.clock.monotonic() + ctx.limits.lease - ctx.limits.attempt_timeout
        self._token = ctx.entropy(_TOKEN_BYTES).hex()
        self._rows: list[NewDelivery] = []
        self._leases: list[Lease] = []
        self._queued: set[str] = set()

    def add(self, origin: Origin, target: Target, *, redelivery_of: str | None = None) -> str:
        """Make a delivery of ``origin`` for ``target`` and return its id."""
        name = ids.delivery_id(self._now, self._chance())
        if self._ctx.engine.reserve(target.id):
            self._transaction.after_rollback(partial(self._ctx.engine.give_back, target.id))
            self._leases.append(self._lease(name, origin, target))
            self._rows.append(self._row(name, origin, target, Move.HANDED_OVER, redelivery_of))
        else:
            self._queued.add(target.id)
            self._rows.append(self._row(name, origin, target, Move.QUEUED, redelivery_of))
        return name

    def flush(self) -> None:
        """Write what was collected, and have the engine begin or notice it once it is committed."""
        connection = self._transaction.connection
        if self._rows:
            deliveries.insert(connection, self._rows)
            self._transaction.moved(Move.HANDED_OVER, len(self._leases))
            self._transaction.moved(Move.QUEUED, len(self._rows) - len(self._leases))
        if self._leases:
            attempts.begin(connection, [_begun(lease) for lease in self._leases])
            self._transaction.leased.add(self._token)
            self._transaction.after_commit(partial(self._ctx.engine.begin, self._leases))
        if self._queued:
            wake_others(connection)
            self._transaction.after_commit(partial(self._ctx.engine.notice, self._queued, self._due_at))

    def _row(self, name: str, origin: Origin, target: Target, move: Move, redelivery_of: str | None) -> NewDelivery:
        leased = move is Move.HANDED_OVER
        last_start = self._ctx.limits.schedule.last_start(self._now)
        return NewDelivery(
            id=name,
            event_id=origin.event,
            event_type=origin.event_type,
            webhook_id=target.id,
            partner_id=origin.partner,
            state=TRANSITIONS[move][1],
            attempts=1 if leased else 0,
            due_at=self._due_at,
            lease_token=self._token if leased else None,
            lease_until=self._until if leased else None,
            leases_lost=0,
            first_attempt_at=self._now if leased else None,
            give_up_at=last_start if leased else None,
            created_at=self._now,
            redelivery_of=redelivery_of,
        )

    def _lease(self, name: str, origin: Origin, target: Target) -> Lease:
        return Lease(
            delivery=name,
            partner=origin.partner,
            event=origin.event,
            event_type=origin.event_type,
            webhook=target.id,
            url=target.url,
            secrets=target.secrets,
            body=origin.payload.encode(),
            number=1,
            token=self._token,
            started_at=self._now,
            until=self._until,
            start_by=self._start_by,
            first_attempt_at=self._now,
            due_at=self._now,
            created_at=self._now,
        )


def _begun(lease: Lease) -> BegunAttempt:
    return BegunAttempt(delivery_id=lease.delivery, number=lease.number, started_at=lease.started_at)
