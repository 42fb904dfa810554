"""The operations' own webhook, and how something is told to it.

Owns the reserved partner and its one webhook, which follow the settings. Its events go the way of all events: stored
in the caller's transaction, signed, retried, on record. Refuses to be seen: no API lists, changes or publishes for it.
"""

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection

from tidings.actions.context import Context
from tidings.actions.new_deliveries import NewDeliveries, Origin
from tidings.actions.targets import Target, audiences
from tidings.actions.withdrawing import withdraw
from tidings.core import ids
from tidings.core.callback_url import parse as parse_callback_url
from tidings.core.instants import Instant
from tidings.core.model import Partner, Webhook
from tidings.core.operational_events import PARTNER, TYPES, OperationalEvent, payload_of
from tidings.core.secret import Secret
from tidings.errors import InvalidArgument, Misconfigured
from tidings.store import events, operations, webhooks
from tidings.store.events import NewEvent
from tidings.store.group_commit import each
from tidings.store.journal import Kind, Owner
from tidings.store.transaction import Transaction
from tidings.store.vault import Purpose


class Receiver(Struct, frozen=True):
    """Where operational events go."""

    url: str
    secret: Secret


async def follow_settings(ctx: Context, receiver: Receiver | None) -> None:
    """Make the operations' webhook what the settings say; without a receiver it ends, and what waits for it.

    Raises Misconfigured for a URL that a partner could not register either.
    """
    if receiver is not None:
        check_url(ctx, receiver.url)
    await ctx.store.write(_follow, _Following(ctx, receiver))


def check_url(ctx: Context, url: str) -> None:
    """Raise Misconfigured for a URL that no partner could register either."""
    try:
        parse_callback_url(url, ctx.rules)
    except InvalidArgument as error:
        raise Misconfigured(f"TIDINGS_OPERATIONS_URL: {error.why}") from error


class Teller:
    """Tells operational events in one transaction. ``target`` None is nobody to tell."""

    def __init__(self, ctx: Context, transaction: Transaction, *, now: Instant) -> None:
        self._transaction = transaction
        self._now = now
        self._chance = ids.Draughts(ctx.entropy)
        self._deliveries = NewDeliveries(ctx, transaction, now=now)
        self._target = _target(ctx, transaction.connection, now)
        self._rows: list[NewEvent] = []

    @property
    def has_listener(self) -> bool:
        return self._target is not None

    def new_id(self) -> str:
        return ids.event_id(self._now, self._chance())

    def tell(self, event: OperationalEvent) -> None:
        """Store an event, made with ``new_id``, and its delivery; ``flush`` writes them."""
        if self._target is None:
            return
        payload = payload_of(event)
        self._rows.append(
            NewEvent(
                id=event.id,
                partner_id=PARTNER,
                event_type=event.event_type,
                payload=payload,
                idempotency_key=None,
                unrouted=None,
                created_at=self._now,
            )
        )
        self._deliveries.add(Origin(PARTNER, event.id, event.event_type, payload), self._target)
        for webhook in ("", self._target.id):
            self._transaction.draft.count(Kind.PUBLISHED, Owner(PARTNER, webhook, event.event_type))

    def flush(self) -> None:
        if self._rows:
            events.insert(self._transaction.connection, self._rows)
            self._deliveries.flush()


class _Following(Struct, frozen=True):
    ctx: Context
    receiver: Receiver | None


def _follow_one(transaction: Transaction, wanted: _Following) -> None:
    ctx, connection = wanted.ctx, transaction.connection
    operations.lock(connection)
    known = operations.webhook(connection)
    if wanted.receiver is not None:
        _point(ctx, connection, known, wanted.receiver)
    elif known is not None and known.enabled:
        now = ctx.clock.now()
        operations.disable(connection, known.id, now=now)
        withdraw(transaction, known.id, now=now)


def _point(ctx: Context, connection: Connection, known: Webhook | None, receiver: Receiver) -> None:
    now = ctx.clock.now()
    if known is None:
        known = _new_webhook(ctx, receiver.url, now)
        operations.make(connection, _partner(now), known)
    webhooks.set_withdrawing(connection, known.id, withdrawing=False)
    # What waits goes to the new place, signed with the new secret: it is the same receiver, moved.
    sealed = ctx.store.vault.seal(receiver.secret, table="webhooks", row=known.id, purpose=Purpose.SIGNING)
    operations.point(connection, known.id, url=receiver.url, sealed_secret=sealed, events=TYPES, now=now)


def _partner(now: Instant) -> Partner:
    return Partner(id=PARTNER, name="operations of this installation", enabled=True, allowed_hosts=(), created_at=now)


def _new_webhook(ctx: Context, url: str, now: Instant) -> Webhook:
    return Webhook(
        id=ids.webhook_id(ctx.entropy(ids.WEBHOOK_ENTROPY)),
        partner=PARTNER,
        url=url,
        enabled=True,
        events=TYPES,
        created_at=now,
        updated_at=now,
    )


def _target(ctx: Context, connection: Connection, now: Instant) -> Target | None:
    audience = audiences(connection, [PARTNER], ctx, now=now).get(PARTNER)
    targets: Sequence[Target] = () if audience is None else audience.targets
    return next((target for target in targets if target.enabled), None)


_follow = each(_follow_one)
