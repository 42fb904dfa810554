"""From verified bytes to typed events."""

import json
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from tidings_receiver import (
    CustomOrderExecuted,
    MalformedPayload,
    QuoteExecuted,
    UnknownEvent,
    UserVerified,
    WithdrawalStatusUpdated,
)
from tidings_receiver.events import BY_TYPE
from tidings_receiver.payload import read

COMMON = {"iiban": "AA00 TEST EXAM PLE1", "id": "AEGXGV-JZ4I2-6QXEJS", "timestamp": "2025-01-15T10:30:00.000000000Z"}
AMOUNT = {"asset": "USD", "amount": "100.00"}
ORDER = {
    "action": {"amount": AMOUNT, "quote": {"asset": "BTC"}, "type": "spend"},
    "trigger": {
        "type": "price",
        "base_asset": "BTC",
        "quote_asset": "USD",
        "target_price": "50000.00",
        "condition": "lte",
    },
}
REASON = {"reason": "other"}
TRANSFER = {"status": "held", "amount": AMOUNT}
BODIES: dict[str, dict[str, Any]] = {
    "custom_order.executed": COMMON | ORDER,
    "custom_order.execution_failed": COMMON | ORDER | REASON,
    "custom_order.cancelled": COMMON | ORDER | REASON,
    "quote.executed": COMMON,
    "quote.execution_failed": COMMON | REASON,
    "quote.cancelled": COMMON | REASON,
    "reward.paid": COMMON | {"amount": AMOUNT},
    "user.verified": COMMON,
    "user.closed": COMMON,
    "user.disabled": COMMON,
    "deposit.status_updated": COMMON | TRANSFER,
    "withdrawal.status_updated": COMMON | TRANSFER | {"key": "main"},
    "webhook.test": {"message": "hello"},
}


def body(event_type: str, **more: object) -> bytes:
    return json.dumps({"event_type": event_type} | BODIES.get(event_type, {}) | more).encode()


def test_there_is_a_body_for_every_type() -> None:
    assert list(BODIES) == list(BY_TYPE)


@pytest.mark.parametrize("event_type", BY_TYPE)
def test_every_event_is_read_into_its_class(event_type: str) -> None:
    event = read(body(event_type))
    assert type(event) is BY_TYPE[event_type]
    assert event.event_type == event_type
    assert event.raw == json.loads(body(event_type))


def test_objects_inside_are_typed_too() -> None:
    event = read(body("custom_order.executed"))
    assert isinstance(event, CustomOrderExecuted)
    assert (event.action.amount.amount, event.action.amount.asset_class) == ("100.00", None)
    assert event.trigger.condition == "lte"


def test_an_optional_object_is_none_or_typed() -> None:
    leg = {"asset": "USD", "total": "2", "fee": "1", "subtotal": "1"}
    event = read(body("quote.executed", spend=leg, receive=None))
    assert isinstance(event, QuoteExecuted)
    assert event.spend is not None
    assert (event.spend.total, event.receive) == ("2", None)


def test_fields_that_only_one_of_two_types_has() -> None:
    event = read(body("withdrawal.status_updated", fee=AMOUNT))
    assert isinstance(event, WithdrawalStatusUpdated)
    assert (event.key, event.network) == ("main", None)
    assert event.fee is not None


def test_unknown_fields_stay_in_raw() -> None:
    assert read(body("user.verified", new=[1])).raw["new"] == [1]


def test_an_event_of_a_later_version_is_unknown_and_no_error() -> None:
    assert read(body("loan.granted", x=1)) == UnknownEvent(event_type="loan.granted", raw={})


@pytest.mark.parametrize(
    ("event_type", "more"),
    [
        ("user.verified", {"iiban": None}),
        ("user.verified", {"iiban": 5}),
        ("custom_order.executed", {"action": "spend"}),
        ("custom_order.executed", {"action": {"type": "spend"}}),
        ("quote.executed", {"spend": []}),
        ("deposit.status_updated", {"network": 1}),
    ],
)
def test_a_field_of_the_wrong_type_is_malformed(event_type: str, more: dict[str, object]) -> None:
    with pytest.raises(MalformedPayload):
        read(body(event_type, **more))


@pytest.mark.parametrize(
    "raw", [b'{"event_type":"a","event_type":"b"}', b'{"event_type":"a","x":NaN}', b"[" * 100_000, b"\xef\xbb\xbf{}"]
)
def test_json_that_another_reader_could_read_differently_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedPayload):
        read(raw)


def test_an_event_cannot_be_changed() -> None:
    event = read(body("user.verified"))
    assert isinstance(event, UserVerified)
    with pytest.raises(FrozenInstanceError):
        event.iiban = "other"  # type: ignore[misc]
