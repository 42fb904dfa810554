"""Rescue: give back what was lost with its worker, end what may not be tried again, forget what has served its time.

Owns the work that ends lost leases and closed windows, and wipes old signing secrets when their overlap is over. A lost
lease counts as an attempt: at least once means that the receiver may have seen it.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice

from msgspec import Struct
from sqlalchemy import Connection

from tidings.actions.context import Context
from tidings.checkpoints import Checkpoint, passing
from tidings.core.delivery import TRANSITIONS, Move, move_after_lost_lease
from tidings.core.instants import Instant
from tidings.core.model import State
from tidings.core.operational_events import is_reserved
from tidings.core.outcome import Code
from tidings.store import attempts, conditions, deliveries, leases, webhooks
from tidings.store.attempts import AttemptResult
from tidings.store.deliveries import EndedAttempt
from tidings.store.journal import EndedEntry, Kind
from tidings.store.leases import LostLease
from tidings.store.transaction import Transaction
from tidings.telemetry.facts import AttemptEnded

MOST_AT_ONCE = 500


class Rescue(Struct, frozen=True):
    """Look for leases that ran out before ``lost_before``, but for those that ``held`` says this process works on.

    No clock, whoever sets it, may make a process lose an attempt to itself.
    """

    ctx: Context
    lost_before: Instant
    held: Callable[[], AbstractSet[tuple[str, str]]]


class Rescued(Struct, frozen=True):
    """``lanes`` have something due again; ``lost`` are the attempts that ended with their leases.

    ``expired`` counts the deliveries whose window closed.
    """

    lanes: set[str]
    lost: list[AttemptEnded]
    expired: int

    @property
    def is_full(self) -> bool:
        """Whether there may be more of either."""
        return max(len(self.lost), self.expired) >= MOST_AT_ONCE


def rescue_all(transaction: Transaction, rescues: Sequence[Rescue]) -> list[Rescued]:
    """End lost leases, closed windows and old signing secrets; a work for the group commit."""
    return [_rescue(transaction, rescue) for rescue in rescues]


def _rescue(transaction: Transaction, rescue: Rescue) -> Rescued:
    connection, now = transaction.connection, rescue.ctx.clock.now()
    lost = _lost(transaction, rescue)
    by_move = _by_move(transaction, rescue, lost, now)
    for move, rows in by_move.items():
        ended = [_ended(row, move, now) for row in rows]
        transaction.moved(move, deliveries.rescue(connection, move, ended))
        transaction.draft.ended += [_entry(row, move, now) for row in rows]
    if lost:
        attempts.end(connection, [_result(row) for row in lost])
        passing(Checkpoint.BEFORE_RESCUE_COMMIT)
    lanes = {row.webhook_id for row in by_move.get(Move.LEASE_LOST, ())}
    expired = deliveries.expire(connection, now, most=MOST_AT_ONCE)
    transaction.ended(Move.EXPIRED, Kind.FAILED, Counter(row.owner for row in expired))
    if rescue.ctx.limits.operations is not None:
        lost_for_good = [(row.id, row.partner_id) for row in by_move.get(Move.GAVE_UP, ())]
        _note_failures(connection, [*lost_for_good, *((row.id, row.owner.partner) for row in expired)])
    webhooks.forget_old_secrets(connection, now)
    told = [_told(row, move, now) for move, rows in by_move.items() for row in rows]
    return Rescued(lanes, told, len(expired))


def _note_failures(connection: Connection, failed: Sequence[tuple[str, str]]) -> None:
    names = [name for name, partner in failed if not is_reserved(partner)]
    if names:
        conditions.note_failures(connection, names)


def _lost(transaction: Transaction, rescue: Rescue) -> list[LostLease]:
    held, fresh = rescue.held(), transaction.leased
    most = MOST_AT_ONCE + len(held)
    found = leases.lost_leases(transaction.connection, now=rescue.lost_before, most=most)
    lost = (row for row in found if (row.id, row.lease_token) not in held and row.lease_token not in fresh)
    return list(islice(lost, MOST_AT_ONCE))


def _by_move(
    transaction: Transaction, rescue: Rescue, lost: Sequence[LostLease], now: Instant
) -> dict[Move, list[LostLease]]:
    sent = {row.id: row.webhook_id for row in lost}
    unwanted = leases.unwanted(transaction.connection, sent) if sent else set()
    by_move: dict[Move, list[LostLease]] = {}
    for row in lost:
        move = move_after_lost_lease(
            leases_lost=row.leases_lost,
            window_open=now <= rescue.ctx.limits.schedule.last_start(row.first_attempt_at),
            wanted=row.id not in unwanted,
        )
        by_move.setdefault(move, []).append(row)
    return by_move


def _ended(row: LostLease, move: Move, now: Instant) -> EndedAttempt:
    waits = move is Move.LEASE_LOST
    return EndedAttempt(
        id=row.id,
        lease_token=row.lease_token,
        # Still due when it was: it keeps its place in the lane, before all that became due while it was away.
        due_at=row.due_at if waits else None,
        finished_at=None if waits else now,
        last_outcome=Code.LEASE_LOST,
        last_status=None,
    )


def _result(row: LostLease) -> AttemptResult:
    return AttemptResult(
        delivery_id=row.id,
        number=row.attempts,
        duration_ms=None,
        outcome=Code.LEASE_LOST,
        http_status=None,
        signature=None,
        response_excerpt=None,
    )


def _entry(row: LostLease, move: Move, now: Instant) -> EndedEntry:
    return EndedEntry(
        delivery=row.id,
        event=row.event_id,
        event_type=row.event_type,
        webhook=row.webhook_id,
        partner=row.partner_id,
        number=row.attempts,
        outcome=Code.LEASE_LOST,
        http_status=None,
        duration_ms=None,
        state=TRANSITIONS[move][1],
        ended_at=now,
        latency=None,
    )


def _told(row: LostLease, move: Move, now: Instant) -> AttemptEnded:
    state = TRANSITIONS[move][1]
    waits = state is State.PENDING
    return AttemptEnded(
        delivery=row.id,
        event=row.event_id,
        event_type=row.event_type,
        webhook=row.webhook_id,
        partner=row.partner_id,
        number=row.attempts,
        outcome=Code.LEASE_LOST,
        http_status=None,
        duration_ms=None,
        lateness_ms=None,
        latency_ms=None,
        verdict="retry" if waits else state.value,
        ended_at=now,
        next_due_at=row.due_at if waits else None,
    )
