"""Claim: lease due deliveries of some lanes in one transaction, each with its attempt on record.

Owns the work that turns due rows into leases. Runs inside the group commit.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from msgspec import Struct

from tidings.actions.context import Context
from tidings.actions.targets import signing_secrets
from tidings.core.delivery import Move
from tidings.core.instants import Instant, Span
from tidings.core.model import Lease
from tidings.store import attempts, deliveries, due_lanes, leases
from tidings.store.attempts import BegunAttempt
from tidings.store.group_commit import each
from tidings.store.leases import DueDelivery, Suspect
from tidings.store.transaction import Transaction
from tidings.store.webhooks import SealedSecrets

_TOKEN_BYTES = 12


class Claim(Struct, frozen=True):
    """How many deliveries to lease, by webhook. Few different numbers make few statements.

    ``hold`` learns the leases at the moment at which they are committed.
    """

    ctx: Context
    wanted: Mapping[str, int]
    hold: Callable[[Sequence[Lease]], None]


class Claimed(Struct, frozen=True):
    """The leases; ``next_due`` says of lanes that had fewer due than asked when the next one is, if there is one."""

    leases: list[Lease]
    exhausted: list[str]
    next_due: dict[str, Instant]


class SuspectClaim(Struct, frozen=True):
    """The one delivery to lease; ``hold`` as for ``Claim``."""

    ctx: Context
    suspect: Suspect
    hold: Callable[[Sequence[Lease]], None]


class _Terms(Struct, frozen=True):
    """What all leases of one claim share."""

    token: str
    now: Instant
    until: Instant
    start_by: Span


def _claim(transaction: Transaction, claim: Claim) -> Claimed:
    connection, terms = transaction.connection, _terms(claim.ctx)
    due: list[DueDelivery] = []
    for most, lanes in _by_size(claim.wanted).items():
        due += leases.due_deliveries(connection, lanes, most=most, now=terms.now)
    leased = _lease_all(transaction, claim, due, terms)
    exhausted = _exhausted(claim.wanted, due)
    return Claimed(
        leased,
        exhausted,
        due_lanes.next_due(connection, exhausted, now=terms.now) if exhausted else {},
    )


def _claim_suspect(transaction: Transaction, claim: SuspectClaim) -> list[Lease]:
    terms = _terms(claim.ctx)
    due = leases.due_suspect(transaction.connection, claim.suspect, now=terms.now)
    return _lease_all(transaction, claim, due, terms)


def _lease_all(
    transaction: Transaction, claim: Claim | SuspectClaim, due: Sequence[DueDelivery], terms: _Terms
) -> list[Lease]:
    connection, ctx = transaction.connection, claim.ctx
    if due:
        rows = [_first_and_last(ctx, row, terms.now) for row in due]
        transaction.moved(Move.CLAIMED, deliveries.claim(connection, rows, token=terms.token, until=terms.until))
        attempts.begin(connection, [_begun(row, terms.now) for row in due])
    leased = [_lease(ctx, row, terms) for row in due]
    transaction.leased.add(terms.token)
    transaction.after_commit(partial(claim.hold, leased))
    return leased


def _terms(ctx: Context) -> _Terms:
    now = ctx.clock.now()
    return _Terms(
        token=ctx.entropy(_TOKEN_BYTES).hex(),
        now=now,
        until=ctx.clock.steady() + ctx.limits.lease,
        start_by=ctx.clock.monotonic() + ctx.limits.lease - ctx.limits.attempt_timeout,
    )


def _by_size(wanted: Mapping[str, int]) -> dict[int, list[str]]:
    groups: dict[int, list[str]] = {}
    for lane, most in wanted.items():
        groups.setdefault(most, []).append(lane)
    return groups


def _begun(row: DueDelivery, now: Instant) -> BegunAttempt:
    return BegunAttempt(delivery_id=row.id, number=row.attempts + 1, started_at=now)


def _first_and_last(ctx: Context, row: DueDelivery, now: Instant) -> tuple[str, Instant, Instant]:
    first = now if row.first_attempt_at is None else row.first_attempt_at
    return row.id, first, ctx.limits.schedule.last_start(first)


def _exhausted(wanted: Mapping[str, int], due: Sequence[DueDelivery]) -> list[str]:
    got: dict[str, int] = {}
    for row in due:
        got[row.webhook_id] = got.get(row.webhook_id, 0) + 1
    return [lane for lane, most in wanted.items() if got.get(lane, 0) < most]


def _lease(ctx: Context, row: DueDelivery, terms: _Terms) -> Lease:
    return Lease(
        delivery=row.id,
        partner=row.partner_id,
        event=row.event_id,
        event_type=row.event_type,
        webhook=row.webhook_id,
        url=row.url,
        secrets=signing_secrets(ctx, row.webhook_id, _sealed(row), now=terms.now),
        body=row.payload.encode(),
        number=row.attempts + 1,
        token=terms.token,
        started_at=terms.now,
        until=terms.until,
        start_by=terms.start_by,
        first_attempt_at=terms.now if row.first_attempt_at is None else row.first_attempt_at,
        due_at=row.due_at,
        created_at=row.created_at,
    )


def _sealed(row: DueDelivery) -> SealedSecrets:
    return SealedSecrets(newest=row.sealed_secret, old=row.old_sealed_secret, old_ends_at=row.old_secret_ends_at)


claim_all = each(_claim)
"""Lease what each claim asks for; a work for the group commit."""

claim_suspects = each(_claim_suspect)
"""Lease each of these, or nothing where it is no longer due; a work for the group commit."""
