"""Send many again: count them, begin, see how far it has come, end it.

Owns what a person may ask for. The work itself is done by an engine, some deliveries at a time
(actions.redelivering), so that it goes on after a restart.
"""

import re
from functools import partial

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from tidings.actions.auditing import note
from tidings.actions.context import Context
from tidings.actions.cursors import check_cursor
from tidings.core import ids
from tidings.core.audit import AuditAction, Detail
from tidings.core.catalogue import EVENT_TYPES
from tidings.core.delivery import ENDED
from tidings.core.instants import MILLISECOND, SECOND, Instant, Span, rfc3339_micros
from tidings.core.redelivery import (
    MOST_PER_SECOND,
    USUAL_PER_SECOND,
    Redelivery,
    RedeliveryState,
    Selection,
)
from tidings.errors import InvalidArgument, NotFound
from tidings.store import partners, redeliveries, selection, webhooks
from tidings.store.group_commit import each
from tidings.store.transaction import Transaction
from tidings.telemetry.facts import RedeliveryEnded, RedeliveryStarted

_CURSOR = re.compile(r"rdl_[0-9a-z]{26}")


class Pace(Struct, frozen=True, kw_only=True):
    """For how long deliveries are counted, ``window`` rows at a time; who asks waits for the answer."""

    patience: Span
    window: int


THOROUGH = Pace(patience=10 * SECOND, window=selection.WINDOW)
AT_A_GLANCE = Pace(patience=30 * MILLISECOND, window=1_000)
"""For a page, which has 100 ms for everything."""


class Preview(Struct, frozen=True, kw_only=True):
    """What a redelivery would find: ``left_out`` of the ``matched`` have been sent again already.

    Not ``complete``: there are more than could be counted in the time allowed.
    """

    matched: int
    left_out: int
    complete: bool


class RedeliveryPage(Struct, frozen=True):
    """Redeliveries, newest first; ``next_cursor`` is None on the last page."""

    redeliveries: list[Redelivery]
    next_cursor: str | None


async def preview(ctx: Context, wanted: Selection) -> Preview:
    """Count what a redelivery of now would find, and change nothing. Raises InvalidArgument or NotFound."""
    return await _preview(ctx, wanted, THOROUGH)


async def glance(ctx: Context, wanted: Selection) -> Preview:
    """Do as ``preview`` does, and give up soon: what is found by then is the least that there are."""
    return await _preview(ctx, wanted, AT_A_GLANCE)


async def start(ctx: Context, wanted: Selection, *, rate: int = USUAL_PER_SECOND) -> Redelivery:
    """Have the selected deliveries sent again, ``rate`` a second. Raises InvalidArgument or NotFound.

    Selected is what was made before this moment.
    """
    if not 1 <= rate <= MOST_PER_SECOND:
        raise InvalidArgument("rate", f"must be 1 to {MOST_PER_SECOND} deliveries a second")
    await ctx.store.read(partial(_check, wanted=wanted))
    now = ctx.clock.now()
    counted = await _count(ctx, wanted, THOROUGH, up_to=_end_of(now))
    job = Redelivery(
        id=ids.redelivery_id(now, ctx.entropy(ids.ID_ENTROPY)),
        selection=wanted,
        rate=rate,
        state=RedeliveryState.RUNNING,
        total=counted.matched if counted.complete else None,
        made=0,
        left_out=0,
        refused=0,
        created_at=now,
        due_at=now,
        finished_at=None,
        up_to=_end_of(now),
        cursor="",
    )
    await ctx.store.write(_start, _Changing(ctx, job))
    ctx.emit(RedeliveryStarted(job.id, job.total))
    return job


async def show(ctx: Context, name: str) -> Redelivery:
    """Raise NotFound for an id that no redelivery has."""
    found = await ctx.store.read(partial(redeliveries.get, name=name))
    if found is None:
        raise NotFound("redelivery", name)
    return found


async def list_redeliveries(ctx: Context, *, limit: int, cursor: str | None) -> RedeliveryPage:
    """Return a page of at most ``limit`` redeliveries. Raises InvalidArgument for a cursor that no page has given."""
    check_cursor(cursor, _CURSOR)
    found = await ctx.store.read(partial(redeliveries.page, before=cursor, limit=limit))
    return RedeliveryPage(found.rows, found.goes_on)


async def cancel(ctx: Context, name: str) -> Redelivery:
    """Make no more deliveries; those that were made stay. One that has ended stays as it is. Raises NotFound."""
    before = await show(ctx, name)
    after = await ctx.store.write(_cancel, _Changing(ctx, before))
    if before.state is RedeliveryState.RUNNING and after.state is RedeliveryState.CANCELLED:
        ctx.emit(RedeliveryEnded(after.id, after.state.value, after.made))
    return after


class _Changing(Struct, frozen=True):
    ctx: Context
    job: Redelivery


def _end_of(moment: Instant) -> str:
    return ids.id_floor("dlv_", moment)


def _check(connection: Connection, *, wanted: Selection) -> None:
    if wanted.state not in ENDED:
        raise InvalidArgument("state", f"must be one of {', '.join(sorted(ENDED))}: nothing else has ended")
    if wanted.event_type is not None and wanted.event_type not in EVENT_TYPES:
        raise InvalidArgument("event_type", "is not an event type")
    if wanted.partner is not None and partners.get(connection, wanted.partner) is None:
        raise NotFound("partner", wanted.partner)
    if wanted.webhook is not None and webhooks.owner_of(connection, wanted.webhook) is None:
        raise NotFound("webhook", wanted.webhook)


async def _preview(ctx: Context, wanted: Selection, pace: Pace) -> Preview:
    await ctx.store.read(partial(_check, wanted=wanted))
    return await _count(ctx, wanted, pace, up_to=_end_of(ctx.clock.now()))


async def _count(ctx: Context, wanted: Selection, pace: Pace, *, up_to: str) -> Preview:
    ends = ctx.clock.monotonic() + pace.patience
    count = partial(selection.count, wanted=wanted, up_to=up_to, window=pace.window)
    matched, left_out, behind = 0, 0, ""
    while True:
        found = await ctx.store.read(partial(count, behind=behind))
        matched, left_out = matched + found.matched, left_out + found.left_out
        if found.reached is None or ctx.clock.monotonic() > ends:
            return Preview(matched=matched, left_out=left_out, complete=found.reached is None)
        behind = found.reached


def _start_one(transaction: Transaction, wanted: _Changing) -> None:
    job = wanted.job
    redeliveries.insert_one(transaction.connection, job)
    details = _asked(job.selection)
    note(
        wanted.ctx,
        transaction,
        AuditAction.REDELIVERY_START,
        partner=job.selection.partner,
        subject=job.id,
        rate=job.rate,
        **details,
    )


def _asked(wanted: Selection) -> dict[str, Detail]:
    """Return what a selection narrows beside its partner, as people read it."""
    asked = msgspec.structs.asdict(wanted)
    del asked["partner"]
    moments = {name: rfc3339_micros(asked[name]) for name in ("since", "until") if asked[name] is not None}
    return {name: value for name, value in (asked | moments).items() if value is not None}


def _cancel_one(transaction: Transaction, wanted: _Changing) -> Redelivery:
    job = redeliveries.get_for_update(transaction.connection, wanted.job.id) or wanted.job
    if job.state is not RedeliveryState.RUNNING:
        return job
    ended = msgspec.structs.replace(job, state=RedeliveryState.CANCELLED, finished_at=wanted.ctx.clock.now())
    redeliveries.save(transaction.connection, ended)
    partner = job.selection.partner
    note(wanted.ctx, transaction, AuditAction.REDELIVERY_CANCEL, partner=partner, subject=job.id, made=job.made)
    return ended


_start = each(_start_one)
_cancel = each(_cancel_one)

__all__ = [
    "MOST_PER_SECOND",
    "USUAL_PER_SECOND",
    "Preview",
    "Redelivery",
    "RedeliveryPage",
    "RedeliveryState",
    "Selection",
    "cancel",
    "glance",
    "list_redeliveries",
    "preview",
    "show",
    "start",
]
