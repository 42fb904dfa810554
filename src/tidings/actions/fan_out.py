"""From events to deliveries: the transaction in which publishing happens.

Owns routing, idempotency and hand-over of a group of batches. Each batch is all or nothing by itself: it is refused
before a row of it is made.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from sqlalchemy import Connection

from tidings.actions.context import Context
from tidings.actions.new_deliveries import NewDeliveries, Origin
from tidings.actions.targets import Audience, audiences
from tidings.checkpoints import Checkpoint, passing
from tidings.core.instants import Instant
from tidings.core.model import Unrouted
from tidings.core.routing import route
from tidings.errors import IdempotencyConflict, InvalidEvent, TidingsError
from tidings.store import events
from tidings.store.events import NewEvent, NewKey
from tidings.store.journal import Draft, Kind, Owner
from tidings.store.transaction import Transaction


class CheckedEvent(Struct, frozen=True, kw_only=True):
    """An event that passed every check that needs no database. ``digest`` is of ``payload``, where there is a key."""

    id: str
    partner: str
    event_type: str
    payload: str
    idempotency_key: str | None
    digest: str


class Batch(Struct, frozen=True):
    """What one caller publishes at once."""

    ctx: Context
    events: tuple[CheckedEvent, ...]


class Published(Struct, frozen=True, kw_only=True):
    """What became of one event: its deliveries, or the reason why there are none."""

    id: str
    duplicate: bool
    deliveries: tuple[str, ...]
    unrouted: Unrouted | None


class _Known(Struct, frozen=True):
    """An idempotency key in use, and what its event was answered with."""

    digest: str
    published: Published


def fan_out(transaction: Transaction, batches: Sequence[Batch]) -> list[list[Published] | TidingsError]:
    """Write the events and deliveries of all ``batches``; a work for the group commit."""
    connection = transaction.connection
    everything = [event for batch in batches for event in batch.events]
    ctx = batches[0].ctx
    now = ctx.clock.now()
    writer = _Writer(
        audiences=audiences(connection, {event.partner for event in everything}, ctx, now=now),
        known=_known_keys(connection, everything),
        deliveries=NewDeliveries(ctx, transaction, now=now),
        draft=transaction.draft,
        now=now,
    )
    results = [writer.write(batch.events) for batch in batches]
    writer.flush(connection)
    passing(Checkpoint.BEFORE_PUBLISH_COMMIT)
    return results


class _Writer:
    """Collects the rows of a group, batch by batch."""

    def __init__(
        self,
        *,
        audiences: Mapping[str, Audience],
        known: dict[tuple[str, str], _Known],
        deliveries: NewDeliveries,
        draft: Draft,
        now: Instant,
    ) -> None:
        self._audiences = audiences
        self._known = known
        self._deliveries = deliveries
        self._draft = draft
        self._now = now
        self._events: list[NewEvent] = []
        self._keys: list[NewKey] = []

    def write(self, batch: Sequence[CheckedEvent]) -> list[Published] | TidingsError:
        refusal = self._refusal(batch)
        return refusal if refusal is not None else [self._write_one(event) for event in batch]

    def flush(self, connection: Connection) -> None:
        if self._events:
            events.insert(connection, self._events)
        if self._keys:
            events.insert_keys(connection, self._keys)
        self._deliveries.flush()

    def _refusal(self, batch: Sequence[CheckedEvent]) -> TidingsError | None:
        digests: dict[tuple[str, str], str] = {}
        for index, event in enumerate(batch):
            if event.partner not in self._audiences:
                return InvalidEvent(index, "partner", "there is no such partner")
            if event.idempotency_key is None:
                continue
            name = (event.partner, event.idempotency_key)
            known = self._known.get(name)
            if event.digest != (known.digest if known else digests.setdefault(name, event.digest)):
                return IdempotencyConflict(index)
        return None

    def _write_one(self, event: CheckedEvent) -> Published:
        if event.idempotency_key is None:
            return self._write_new(event)
        name = (event.partner, event.idempotency_key)
        known = self._known.get(name)
        if known is not None:
            return known.published
        published = self._write_new(event)
        self._keys.append(_key_of(event, self._now))
        again = Published(id=published.id, duplicate=True, deliveries=published.deliveries, unrouted=published.unrouted)
        self._known[name] = _Known(event.digest, again)
        return published

    def _write_new(self, event: CheckedEvent) -> Published:
        audience = self._audiences[event.partner]
        path = route(event.event_type, partner_enabled=audience.enabled, webhooks=audience.targets)
        self._events.append(_row_of(event, path.unrouted, self._now))
        origin = Origin(event.partner, event.id, event.event_type, event.payload)
        for webhook in ("", *(target.id for target in path.webhooks)):
            self._draft.count(Kind.PUBLISHED, Owner(event.partner, webhook, event.event_type))
        made = tuple(self._deliveries.add(origin, target) for target in path.webhooks)
        return Published(id=event.id, duplicate=False, deliveries=made, unrouted=path.unrouted)


def _row_of(event: CheckedEvent, unrouted: Unrouted | None, now: Instant) -> NewEvent:
    return NewEvent(
        id=event.id,
        partner_id=event.partner,
        event_type=event.event_type,
        payload=event.payload,
        idempotency_key=event.idempotency_key,
        unrouted=unrouted,
        created_at=now,
    )


def _key_of(event: CheckedEvent, now: Instant) -> NewKey:
    return NewKey(
        partner_id=event.partner,
        key=event.idempotency_key or "",
        event_id=event.id,
        digest=event.digest,
        created_at=now,
    )


def _known_keys(connection: Connection, everything: Sequence[CheckedEvent]) -> dict[tuple[str, str], _Known]:
    asked = {(event.partner, event.idempotency_key) for event in everything if event.idempotency_key is not None}
    if not asked:
        return {}
    found = events.known_keys(connection, sorted(asked))
    deliveries = events.first_deliveries(connection, [row.event_id for row in found])
    return {
        (row.partner_id, row.key): _Known(
            row.digest,
            Published(id=row.event_id, duplicate=True, deliveries=deliveries[row.event_id], unrouted=row.unrouted),
        )
        for row in found
    }
