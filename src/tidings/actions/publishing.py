"""Publish: check the batch, then have it routed and written in one transaction.

Owns the promise behind a 202: when ``publish`` returns, everything is committed and flushed. All or nothing for each
batch; batches that arrive together share the transaction (actions.fan_out).
"""

import hashlib
from collections.abc import Sequence

from msgspec import Struct

from tidings.actions.context import Context
from tidings.actions.fan_out import Batch, CheckedEvent, Published, fan_out
from tidings.checkpoints import Checkpoint, passing
from tidings.core import catalogue, ids
from tidings.core.instants import Instant
from tidings.core.operational_events import is_reserved
from tidings.errors import InvalidArgument, InvalidEvent
from tidings.telemetry.facts import EventsPublished

MOST_EVENTS = 1000
KEY_LENGTH = 255


class Publication(Struct, frozen=True, kw_only=True):
    """One event to publish: ``payload`` is the JSON as it came."""

    partner: str
    payload: bytes
    idempotency_key: str | None = None


async def publish(ctx: Context, publications: Sequence[Publication]) -> list[Published]:
    """Publish a batch and return what became of each event, in order.

    Raises InvalidEvent or IdempotencyConflict (nothing is stored), or Unavailable (nobody knows).
    """
    now, chance = ctx.clock.now(), ids.Draughts(ctx.entropy)
    checked = (_checked(index, one, ids.event_id(now, chance())) for index, one in enumerate(publications))
    batch = Batch(ctx, tuple(checked))
    passing(Checkpoint.PARSED)
    checked_at = ctx.clock.now()
    published = await ctx.store.write(fan_out, batch)
    passing(Checkpoint.PUBLISHED)
    ctx.emit(_told(published, began_at=now, checked_at=checked_at))
    return published


def _checked(index: int, publication: Publication, name: str) -> CheckedEvent:
    if is_reserved(publication.partner) or "\x00" in publication.partner:
        # PostgreSQL cannot even be asked for a name with a zero, and would refuse everybody whose transaction this is.
        raise InvalidEvent(index, "partner", "there is no such partner")
    try:
        checked = catalogue.check_payload(publication.payload)
        _check_key(publication.idempotency_key)
    except InvalidArgument as error:
        raise InvalidEvent(index, error.field, error.why) from error
    keyed = publication.idempotency_key is not None
    return CheckedEvent(
        id=name,
        partner=publication.partner,
        event_type=checked.event_type,
        payload=checked.text,
        idempotency_key=publication.idempotency_key,
        digest=hashlib.sha256(checked.text.encode()).hexdigest() if keyed else "",
    )


def _check_key(key: str | None) -> None:
    if key is None:
        return
    if not 1 <= len(key) <= KEY_LENGTH:
        raise InvalidArgument("idempotency_key", f"must have 1 to {KEY_LENGTH} characters")
    if not key.isprintable():
        raise InvalidArgument("idempotency_key", "must not contain control characters")


def _told(published: Sequence[Published], *, began_at: Instant, checked_at: Instant) -> EventsPublished:
    return EventsPublished(
        count=sum(not one.duplicate for one in published),
        duplicates=sum(one.duplicate for one in published),
        deliveries=sum(len(one.deliveries) for one in published if not one.duplicate),
        unrouted=sum(one.unrouted is not None for one in published if not one.duplicate),
        events=tuple(one.id for one in published if not one.duplicate),
        began_at=began_at,
        checked_at=checked_at,
    )


__all__ = ["KEY_LENGTH", "MOST_EVENTS", "Publication", "Published", "publish"]
