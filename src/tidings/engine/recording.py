"""Record: what happened and what follows, written together, by the holder of the lease alone.

Owns the work that ends attempts. Runs inside the group commit; a late worker changes nothing.
"""

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection

from tidings.checkpoints import Checkpoint, passing
from tidings.core.delivery import TRANSITIONS, Move, move_after
from tidings.core.instants import Instant
from tidings.core.model import Lease
from tidings.core.verdict import Delivered, RetryAt, Verdict
from tidings.store import attempts, conditions, deliveries, leases
from tidings.store.attempts import AttemptResult
from tidings.store.deliveries import EndedAttempt
from tidings.store.journal import EndedEntry
from tidings.store.transaction import Transaction


class Ended(Struct, frozen=True):
    """An attempt that ended, with the verdict on it. ``tells`` is whether operations hear of it when it fails."""

    lease: Lease
    result: AttemptResult
    verdict: Verdict
    at: Instant
    tells: bool = False


class Recorded(Struct, frozen=True):
    """How the delivery moved; ``kept`` is False when the lease was another's by then and nothing was written."""

    move: Move
    kept: bool


def record_all(transaction: Transaction, ended: Sequence[Ended]) -> list[Recorded]:
    """Write all results down; a work for the group commit."""
    unwanted = _unwanted(transaction.connection, ended)
    moves = [move_after(one.verdict, wanted=one.lease.delivery not in unwanted) for one in ended]
    lost = _move(transaction, ended, moves)
    kept = [(one.lease.delivery, one.lease.token) not in lost for one in ended]
    attempts.end(transaction.connection, [one.result for one, is_kept in zip(ended, kept, strict=True) if is_kept])
    transaction.draft.ended += [
        _entry(one, move) for one, move, is_kept in zip(ended, moves, kept, strict=True) if is_kept
    ]
    recorded = [Recorded(move, is_kept) for move, is_kept in zip(moves, kept, strict=True)]
    _note_failures(transaction.connection, ended, recorded)
    passing(Checkpoint.BEFORE_RECORD_COMMIT)
    return recorded


def _unwanted(connection: Connection, ended: Sequence[Ended]) -> set[str]:
    # Who arrived is delivered whatever became of the webhook meanwhile: only the others need the question.
    unlucky = [one.lease for one in ended if not isinstance(one.verdict, Delivered)]
    return leases.unwanted(connection, {lease.delivery: lease.webhook for lease in unlucky}) if unlucky else set()


def _move(transaction: Transaction, ended: Sequence[Ended], moves: Sequence[Move]) -> set[tuple[str, str]]:
    """Move the deliveries; return the leases, as delivery and token, whose holder came too late."""
    by_move: dict[Move, list[EndedAttempt]] = {}
    for one, move in zip(ended, moves, strict=True):
        by_move.setdefault(move, []).append(_row(one, move))
    lost: set[tuple[str, str]] = set()
    for move, rows in by_move.items():
        kept = deliveries.record(transaction.connection, move, rows)
        transaction.moved(move, kept)
        if kept < len(rows):
            tokens = [(row.id, row.lease_token) for row in rows]
            lost |= deliveries.fenced_out(transaction.connection, tokens)
    return lost


def _note_failures(connection: Connection, ended: Sequence[Ended], recorded: Sequence[Recorded]) -> None:
    failed = [
        one.lease.delivery
        for one, how in zip(ended, recorded, strict=True)
        if how.move is Move.GAVE_UP and how.kept and one.tells
    ]
    if failed:
        conditions.note_failures(connection, failed)


def _row(one: Ended, move: Move) -> EndedAttempt:
    due_at = one.verdict.due_at if move is Move.PUT_OFF and isinstance(one.verdict, RetryAt) else None
    return EndedAttempt(
        id=one.lease.delivery,
        lease_token=one.lease.token,
        due_at=due_at,
        finished_at=one.at if due_at is None else None,
        last_outcome=one.result.outcome,
        last_status=one.result.http_status,
    )


def _entry(one: Ended, move: Move) -> EndedEntry:
    lease, result = one.lease, one.result
    return EndedEntry(
        delivery=lease.delivery,
        event=lease.event,
        event_type=lease.event_type,
        webhook=lease.webhook,
        partner=lease.partner,
        number=lease.number,
        outcome=result.outcome,
        http_status=result.http_status,
        duration_ms=result.duration_ms,
        state=TRANSITIONS[move][1],
        ended_at=one.at,
        latency=one.at - lease.created_at if move is Move.SUCCEEDED else None,
    )
