"""One step of a redelivery: some new deliveries and the place up to which it has come, in one transaction.

Owns that nothing is sent twice or left behind when the process dies: the deliveries and the cursor are committed
together or not at all. Of several processes one at a time holds a redelivery, for one transaction.
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from tidings.actions.context import Context
from tidings.actions.new_deliveries import NewDeliveries, Origin
from tidings.actions.targets import Audience, Target, audiences
from tidings.checkpoints import Checkpoint, passing
from tidings.core.instants import MILLISECOND, Instant
from tidings.core.redelivery import USUAL_PER_SECOND, Redelivery, RedeliveryState, next_due, quota
from tidings.store import events, redeliveries, selection
from tidings.store.selection import Candidate, Stretch
from tidings.store.transaction import Transaction

_FEWEST = quota(USUAL_PER_SECOND)


def step_all(transaction: Transaction, asked: Sequence[Context]) -> list[Redelivery | None]:
    """Take a step of the redelivery that is due the longest and return it; None when none is due or free.

    A work for the group commit.
    """
    return [_step(transaction, ctx) for ctx in asked]


def _step(transaction: Transaction, ctx: Context) -> Redelivery | None:
    connection, now = transaction.connection, ctx.clock.now()
    job = redeliveries.take_due(connection, now=now)
    if job is None:
        return None
    found = selection.stretch(connection, job.selection, behind=job.cursor, up_to=job.up_to, most=_looked_at(job))
    after = _after(job, found, _send_again(transaction, ctx, job, found.candidates), now=now)
    redeliveries.save(connection, after)
    passing(Checkpoint.BEFORE_REDELIVERY_COMMIT)
    return after


def _looked_at(job: Redelivery) -> int:
    # As many as may be sent, when that is what becomes of most of them: every look holds up all that is written. Where
    # most are left out, they are passed by quickly; and however slow the rate, not one by one, a transaction for each.
    return max(_FEWEST, quota(job.rate)) if job.made >= job.left_out else selection.AT_ONCE


class _Sent(Struct, frozen=True):
    """What became of the candidates up to ``last``, which is None when all were gone through."""

    made: int
    left_out: int
    refused: int
    last: str | None


def _send_again(transaction: Transaction, ctx: Context, job: Redelivery, candidates: Sequence[Candidate]) -> _Sent:
    """Make new deliveries for as many candidates as one transaction may."""
    wanted, passed = _within(candidates, quota(job.rate))
    # Even on a machine whose clock is behind, they are newer than everything that was selected.
    now = max(ctx.clock.now(), job.created_at + MILLISECOND)
    audience = audiences(transaction.connection, {one.partner for one in wanted}, ctx, now=now) if wanted else {}
    payloads = events.payloads(transaction.connection, [one.event for one in wanted]) if wanted else {}
    fresh = NewDeliveries(ctx, transaction, now=now)
    made = 0
    for one in wanted:
        target, payload = _target(audience, one), payloads.get(one.event)
        if target is not None and payload is not None:
            fresh.add(Origin(one.partner, one.event, one.event_type, payload), target, redelivery_of=one.id)
            made += 1
    fresh.flush()
    last = candidates[passed - 1].id if passed < len(candidates) else None
    return _Sent(made, passed - len(wanted), len(wanted) - made, last)


def _within(candidates: Sequence[Candidate], most: int) -> tuple[list[Candidate], int]:
    """Return the first candidates that are not left out, ``most`` at most, and how many were passed to find them."""
    wanted: list[Candidate] = []
    for passed, one in enumerate(candidates):
        if not one.left_out:
            if len(wanted) == most:
                return wanted, passed
            wanted.append(one)
    return wanted, len(candidates)


def _target(audience: Mapping[str, Audience], one: Candidate) -> Target | None:
    of_partner = audience.get(one.partner)
    if of_partner is None or not of_partner.enabled:
        return None
    return next((target for target in of_partner.targets if target.id == one.webhook and target.enabled), None)


def _after(job: Redelivery, found: Stretch, sent: _Sent, *, now: Instant) -> Redelivery:
    is_over = found.reached is None and sent.last is None
    return msgspec.structs.replace(
        job,
        state=RedeliveryState.DONE if is_over else job.state,
        made=job.made + sent.made,
        left_out=job.left_out + sent.left_out,
        refused=job.refused + sent.refused,
        due_at=next_due(job.due_at, made=sent.made, rate=job.rate, now=now),
        finished_at=now if is_over else None,
        cursor=sent.last or found.reached or job.cursor,
    )
