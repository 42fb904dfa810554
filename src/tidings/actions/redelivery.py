"""Send it again: a new delivery of the same event to the same webhook, which names the old one."""

from msgspec import Struct
from sqlalchemy import Connection

from tidings.actions.auditing import note
from tidings.actions.context import Context
from tidings.actions.new_deliveries import NewDeliveries, Origin
from tidings.actions.targets import Target, audiences
from tidings.core.audit import AuditAction
from tidings.core.delivery import ENDED
from tidings.core.instants import Instant, rfc3339
from tidings.core.model import Delivery, State
from tidings.errors import DeliveryUnderWay, NotFound, PartnerDisabled, WebhookDisabled, WebhookGone
from tidings.store import browsing, events
from tidings.store.group_commit import each
from tidings.store.selection import hold
from tidings.store.transaction import Transaction


async def redeliver(ctx: Context, delivery: str) -> Delivery:
    """Make a new delivery of what ``delivery`` was about, due at once; the old one stays as it is.

    Raises NotFound, PartnerDisabled, WebhookGone, WebhookDisabled, or DeliveryUnderWay until it has ended.
    """
    return await ctx.store.write(_redeliver, _Redelivering(ctx, delivery))


async def redeliver_own(ctx: Context, partner: str, delivery: str) -> Delivery:
    """Do as ``redeliver`` does with a delivery of this partner. Raises NotFound for anybody else's too."""
    return await ctx.store.write(_redeliver, _Redelivering(ctx, delivery, partner))


class _Redelivering(Struct, frozen=True):
    ctx: Context
    delivery: str
    partner: str | None = None


def _redeliver_one(transaction: Transaction, wanted: _Redelivering) -> Delivery:
    connection = transaction.connection
    old = _old(connection, wanted)
    event = None if old is None else events.get(connection, old.event)
    if old is None or event is None:
        raise NotFound("delivery", wanted.delivery)
    hold(connection, [old.id])
    now = wanted.ctx.clock.now()
    target = _target(connection, old, wanted.ctx, now)
    _refuse_under_way(old, now)
    fresh = NewDeliveries(wanted.ctx, transaction, now=now)
    name = fresh.add(Origin(event.partner, event.id, event.event_type, event.payload), target, redelivery_of=old.id)
    fresh.flush()
    made = browsing.get(connection, name)
    if made is None:
        raise NotFound("delivery", name)
    note(
        wanted.ctx,
        transaction,
        AuditAction.DELIVERY_REDELIVER,
        partner=old.partner,
        subject=old.id,
        made=name,
        webhook=old.webhook,
    )
    return made


def _old(connection: Connection, wanted: _Redelivering) -> Delivery | None:
    if wanted.partner is None:
        return browsing.get(connection, wanted.delivery)
    return browsing.get_own(connection, wanted.partner, wanted.delivery)


def _refuse_under_way(old: Delivery, now: Instant) -> None:
    """Raise DeliveryUnderWay: beside one that may still arrive, a second can only be a duplicate."""
    if old.state not in ENDED:
        raise DeliveryUnderWay(f"the delivery {old.id} is still under way: {_what_comes(old, now)}")


def _what_comes(old: Delivery, now: Instant) -> str:
    if old.state is State.IN_FLIGHT:
        return "an attempt is being made"
    due_at = old.due_at or now
    return f"next attempt at {rfc3339(due_at)}" if due_at > now else "its next attempt is due now"


def _target(connection: Connection, old: Delivery, ctx: Context, now: Instant) -> Target:
    audience = audiences(connection, [old.partner], ctx, now=now)[old.partner]
    if not audience.enabled:
        raise PartnerDisabled(f"the partner {old.partner} is disabled; enable it first")
    for target in audience.targets:
        if target.id == old.webhook:
            if not target.enabled:
                raise WebhookDisabled(f"the webhook {old.webhook} is disabled; its partner must enable it first")
            return target
    raise WebhookGone(f"the webhook {old.webhook} was deleted; nothing can be sent to it again")


_redeliver = each(_redeliver_one)
