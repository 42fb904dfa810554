"""The events that exist, in the vendor's order, and the check of a published one (contract.md section 6).

Owns their names, meanings and the test event. Refuses payloads that no receiver could rely on.
"""

from datetime import datetime

import msgspec
from msgspec import Struct

from tidings.core import event_schemas, strict_json
from tidings.core.payload_errors import explain
from tidings.core.strict_json import JsonValue
from tidings.errors import InvalidArgument

MEANINGS: dict[str, str] = {
    "custom_order.executed": "the order's trade was triggered and completed",
    "custom_order.execution_failed": "the order's execution failed",
    "custom_order.cancelled": "the order was cancelled",
    "quote.executed": "a quote was executed",
    "quote.execution_failed": "a quote's execution failed",
    "quote.cancelled": "a quote was cancelled before execution",
    "reward.paid": "an Earn reward was paid",
    "user.verified": "the user may now trade",
    "user.closed": "the user's account is closed for good",
    "user.disabled": "the user's account is disabled",
    "deposit.status_updated": "a deposit changed status",
    "withdrawal.status_updated": "a withdrawal changed status",
}
EVENT_TYPES: tuple[str, ...] = tuple(MEANINGS)

TEST_EVENT_TYPE = "webhook.test"
TEST_PAYLOAD = (
    '{"event_type":"webhook.test","message":"This is a test webhook event to verify your endpoint configuration."}'
)

LONGEST_PAYLOAD = 256 * 1024

_SECONDS_END = len("2025-01-15T10:30:00")


class CheckedPayload(Struct, frozen=True):
    """A payload that may be published: its type, and the compact text that is stored, signed and sent."""

    event_type: str
    text: str


def check_payload(raw: bytes) -> CheckedPayload:
    """Return the payload when it is a well-formed event of the catalogue; raise `InvalidArgument` naming the field."""
    event = _object(raw)
    event_type = _event_type(event)
    try:
        checked = msgspec.convert(event, event_schemas.BY_TYPE[event_type])
    except msgspec.ValidationError as error:
        raise explain(error) from error
    _check_calendar(checked.timestamp)
    return CheckedPayload(event_type, strict_json.compact(raw))


def _object(raw: bytes) -> dict[str, JsonValue]:
    if len(raw) > LONGEST_PAYLOAD:
        raise InvalidArgument("payload", f"is longer than {LONGEST_PAYLOAD} bytes")
    try:
        return strict_json.parse_object(raw)
    except InvalidArgument as error:
        raise InvalidArgument("payload", error.why) from error


def _event_type(event: dict[str, JsonValue]) -> str:
    match event.get("event_type"):
        case None:
            raise InvalidArgument("payload.event_type", "is missing")
        case str(name) if name in event_schemas.BY_TYPE:
            return name
        case _:
            raise InvalidArgument("payload.event_type", "is not an event that can be published")


def _check_calendar(timestamp: str) -> None:
    try:
        datetime.fromisoformat(timestamp[:_SECONDS_END])
    except ValueError as error:
        raise InvalidArgument("payload.timestamp", "is not a date and time that exist") from error
