"""The filters of lists, from their addresses."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from tidings.actions.auditing import AuditFilter
from tidings.actions.browsing import DeliveryFilter, EventFilter, UnroutedBy
from tidings.core.audit import AuditAction
from tidings.core.instants import Instant, instant_of
from tidings.core.model import State
from tidings.errors import InvalidArgument
from tidings.web.pages.listing import Listing

Word = TypeVar("Word", bound=StrEnum)

DELIVERY_FIELDS = ("partner", "webhook", "event", "event_type", "state", "since", "until")
EVENT_FIELDS = ("partner", "event_type", "unrouted", "idempotency_key", "since", "until")
AUDIT_FIELDS = ("partner", "actor", "action", "since", "until")


def delivery_filter(place: Listing) -> DeliveryFilter:
    """Return what deliveries are wanted. Raises InvalidArgument with the field that is wrong."""
    return DeliveryFilter(
        partner=place.given.get("partner"),
        webhook=place.given.get("webhook"),
        event=place.given.get("event"),
        event_type=place.given.get("event_type"),
        state=_one_of(State, place, "state"),
        since=moment(place, "since"),
        until=moment(place, "until"),
    )


def event_filter(place: Listing) -> EventFilter:
    """Return what events are wanted. Raises InvalidArgument with the field that is wrong."""
    return EventFilter(
        partner=place.given.get("partner"),
        event_type=place.given.get("event_type"),
        unrouted=_one_of(UnroutedBy, place, "unrouted"),
        idempotency_key=place.given.get("idempotency_key"),
        since=moment(place, "since"),
        until=moment(place, "until"),
    )


def audit_filter(place: Listing) -> AuditFilter:
    """Return what deeds are wanted. Raises InvalidArgument with the field that is wrong."""
    return AuditFilter(
        partner=place.given.get("partner"),
        actor=place.given.get("actor"),
        action=_one_of(AuditAction, place, "action"),
        since=moment(place, "since"),
        until=moment(place, "until"),
    )


def moment(place: Listing, name: str) -> Instant | None:
    """Read a moment as a browser's field for dates writes it, or RFC 3339; without an offset it is UTC."""
    text = place.given.get(name)
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidArgument(name, "must be a moment like 2025-01-15T10:30") from None
    found = instant_of(read if read.tzinfo is not None else read.replace(tzinfo=UTC))
    if found is None:
        raise InvalidArgument(name, "must be a moment of our age")
    return found


def _one_of(words: type[Word], place: Listing, name: str) -> Word | None:
    text = place.given.get(name)
    try:
        return None if text is None else words(text)
    except ValueError:
        raise InvalidArgument(name, f"must be one of {', '.join(words)}") from None
