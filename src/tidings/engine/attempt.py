"""One attempt, as a story: sign, send, judge, record, tell."""

import asyncio
from collections.abc import Callable
from random import random

from tidings.actions.context import Context
from tidings.actions.requests import Signed, destination, excerpt_of, signed_request
from tidings.checkpoints import Checkpoint, passing
from tidings.core.delivery import TRANSITIONS, Move
from tidings.core.instants import MILLISECOND, Instant, Span
from tidings.core.model import Lease, State
from tidings.core.operational_events import is_reserved
from tidings.core.outcome import Blocked, Code, Outcome, Unanswered, code_of, status_of
from tidings.core.verdict import RetryAt, judge
from tidings.engine.recording import Ended, Recorded, record_all
from tidings.errors import InvalidArgument, Unavailable
from tidings.store.attempts import AttemptResult
from tidings.telemetry.facts import AttemptEnded, LeaseLost

_PAUSE_BETWEEN_TRIES_S = 0.2


async def send(ctx: Context, lease: Lease) -> Ended:
    """Make the attempt that ``lease`` is for, and judge its outcome."""
    began = ctx.clock.monotonic()
    signed = _sign(ctx, lease) if lease.secrets else None
    # Nothing goes out unsigned: a webhook whose secret does not open is our trouble, and stays on record as such.
    outcome = Unanswered(Code.INTERNAL_ERROR) if signed is None else await _post(ctx, lease, signed)
    return _judge(ctx, lease, signed, outcome, ctx.clock.monotonic() - began)


async def write_down(ctx: Context, ended: Ended, *, put_off: Callable[[str, Instant], None]) -> None:
    """Record what happened, and tell it.

    ``put_off`` learns the webhook and the moment of the next attempt, where there is one.
    """
    lease = ended.lease
    recorded = await _record(ctx, ended)
    passing(Checkpoint.RECORDED)
    if recorded is None or not recorded.kept:
        ctx.emit(LeaseLost(lease.delivery, lease.number))
        return
    if recorded.move is Move.PUT_OFF and isinstance(ended.verdict, RetryAt):
        put_off(lease.webhook, ended.verdict.due_at)
    ctx.emit(_told(ended, recorded))


def _sign(ctx: Context, lease: Lease) -> Signed:
    header = ctx.limits.event_id_header
    return Signed.of(
        lease.secrets,
        event_type=lease.event_type,
        webhook=lease.webhook,
        body=lease.body,
        now=ctx.clock.now(),
        event_id=None if header is None else (header, lease.event),
    )


async def _post(ctx: Context, lease: Lease, signed: Signed) -> Outcome:
    try:
        url = destination(lease.url, ctx.rules)
    except InvalidArgument:
        # Accepted under other settings: what today's rules do not admit is not called.
        return Blocked()
    request = signed_request(
        signed,
        partner=lease.partner,
        url=url,
        timeout=ctx.limits.attempt_timeout,
        start_by=lease.start_by,
        number=lease.number,
    )
    passing(Checkpoint.BEFORE_CONNECT)
    outcome = await ctx.sender.post(request)
    passing(Checkpoint.ANSWER_READ)
    return outcome


def _judge(ctx: Context, lease: Lease, signed: Signed | None, outcome: Outcome, took: Span) -> Ended:
    now = ctx.clock.now()
    verdict = judge(
        outcome,
        attempts=lease.number,
        first_attempt_at=lease.first_attempt_at,
        schedule=ctx.limits.schedule,
        now=now,
        dice=random(),  # noqa: S311 - spreads retries; nobody gains by guessing it
    )
    result = AttemptResult(
        delivery_id=lease.delivery,
        number=lease.number,
        duration_ms=took // MILLISECOND,
        outcome=code_of(outcome),
        http_status=status_of(outcome),
        signature=None if signed is None else signed.signature,
        response_excerpt=excerpt_of(outcome),
    )
    tells = ctx.limits.operations is not None and not is_reserved(lease.partner)
    return Ended(lease, result, verdict, now, tells)


async def _record(ctx: Context, ended: Ended) -> Recorded | None:
    """Write the result down, for as long as the lease is ours; None when it is no longer."""
    while True:
        try:
            return await ctx.store.write(record_all, ended)
        except Unavailable:
            if ctx.clock.monotonic() > ended.lease.start_by + ctx.limits.attempt_timeout:
                return None
            await asyncio.sleep(_PAUSE_BETWEEN_TRIES_S)


def _told(ended: Ended, recorded: Recorded) -> AttemptEnded:
    lease, state = ended.lease, TRANSITIONS[recorded.move][1]
    waits, arrived = state is State.PENDING, state is State.DELIVERED
    return AttemptEnded(
        delivery=lease.delivery,
        event=lease.event,
        event_type=lease.event_type,
        webhook=lease.webhook,
        partner=lease.partner,
        number=lease.number,
        outcome=ended.result.outcome,
        http_status=ended.result.http_status,
        duration_ms=ended.result.duration_ms or 0,
        lateness_ms=max(0, lease.started_at - lease.due_at) // MILLISECOND,
        latency_ms=max(0, ended.at - lease.created_at) // MILLISECOND if arrived else None,
        verdict="retry" if waits else state.value,
        ended_at=ended.at,
        next_due_at=ended.verdict.due_at if waits and isinstance(ended.verdict, RetryAt) else None,
    )
