"""Events about the platform itself, told to whoever runs it.

Owns their names and shapes, and the reserved partner to whom their deliveries belong. Refuses every field that could
hold a URL, a body or a secret.
"""

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Struct

from tidings.core.event_schemas import Timestamp
from tidings.core.instants import Instant, rfc3339_nanos

PARTNER = "_operations"
"""Nobody can create a partner of this name: their ids begin with a letter or a digit."""

MOST_DELIVERIES = 100
"""So many failed deliveries at most are told in one event."""

Count: TypeAlias = Annotated[int, Meta(ge=0)]


class FailedDelivery(Struct, frozen=True, kw_only=True):
    """A delivery that failed for good, with its last attempt. ``outcome`` is null when no attempt was recorded."""

    id: str
    event: str
    event_type: str
    attempts: Count
    outcome: str | None
    http_status: int | None
    created_at: Timestamp
    finished_at: Timestamp


class _OperationalEvent(Struct, frozen=True, kw_only=True, tag_field="event_type"):
    """What all have in common; ``id`` is the event's id, under which the platform API shows its deliveries."""

    id: str
    timestamp: Timestamp

    @property
    def event_type(self) -> str:
        return type_of(type(self))


class DeliveriesFailed(_OperationalEvent, frozen=True, kw_only=True, tag="operations.deliveries_failed"):
    """Deliveries of one webhook failed for good. Every failed delivery is told in exactly one such event."""

    partner: str
    webhook: str
    deliveries: Annotated[tuple[FailedDelivery, ...], Meta(min_length=1, max_length=MOST_DELIVERIES)]


class WebhookFailing(_OperationalEvent, frozen=True, kw_only=True, tag="operations.webhook_failing"):
    """Every attempt at this webhook has failed for as long as the settings say, or longer."""

    partner: str
    webhook: str
    failing_since: Timestamp
    last_failed_at: Timestamp
    last_outcome: str


class WebhookRecovered(_OperationalEvent, frozen=True, kw_only=True, tag="operations.webhook_recovered"):
    """A webhook that was told to be failing has answered with a success."""

    partner: str
    webhook: str
    failing_since: Timestamp
    recovered_at: Timestamp


class BacklogOverLimit(_OperationalEvent, frozen=True, kw_only=True, tag="operations.backlog_over_limit"):
    """More deliveries are pending than the settings' limit."""

    pending: Count
    limit: Count


class BacklogRecovered(_OperationalEvent, frozen=True, kw_only=True, tag="operations.backlog_recovered"):
    """A backlog that was told to be over the limit has fallen to half of the limit or less."""

    pending: Count
    limit: Count
    over_since: Timestamp


OperationalEvent: TypeAlias = DeliveriesFailed | WebhookFailing | WebhookRecovered | BacklogOverLimit | BacklogRecovered
KINDS: tuple[type[OperationalEvent], ...] = (
    DeliveriesFailed,
    WebhookFailing,
    WebhookRecovered,
    BacklogOverLimit,
    BacklogRecovered,
)


def type_of(kind: type[Struct]) -> str:
    """Return the name of an event of this kind, as ``event_type`` has it."""
    return str(kind.__struct_config__.tag)


TYPES: tuple[str, ...] = tuple(type_of(kind) for kind in KINDS)


def is_reserved(partner: str) -> bool:
    """Tell whether this is no partner that anybody may see, change or publish for."""
    return partner.startswith("_")


def payload_of(event: OperationalEvent) -> str:
    """Return the JSON that is stored, signed and sent."""
    return msgspec.json.encode(event).decode()


def spelt(moment: Instant) -> str:
    """Spell a moment as all events do."""
    return rfc3339_nanos(moment)
