"""What a published event must be (contract.md section 6)."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tidings.core import catalogue
from tidings.core.event_schemas import BY_TYPE
from tidings.errors import InvalidArgument

NUMBERS = {str(number) for number in range(1, 13)}
CONTRACT = Path(__file__).parents[2] / "docs" / "contract.md"

ORDER: dict[str, Any] = {
    "event_type": "custom_order.executed",
    "iiban": "AA00 TEST EXAM PLE1",
    "id": "AEGXGV-JZ4I2-6QXEJS",
    "timestamp": "2025-01-15T10:30:00.000000000Z",
    "action": {
        "amount": {"asset": "USD", "amount": "100.00", "asset_class": "currency"},
        "quote": {"asset": "BTC"},
        "type": "spend",
    },
    "trigger": {
        "type": "price",
        "base_asset": "BTC",
        "quote_asset": "USD",
        "target_price": "50000.00",
        "condition": "lte",
    },
}


def changed(path: str, value: object) -> bytes:
    event = deepcopy(ORDER)
    *parents, last = path.split(".")
    at = event
    for name in parents:
        at = at[name]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return json.dumps(event).encode()


def refusal(raw: bytes) -> InvalidArgument:
    with pytest.raises(InvalidArgument) as caught:
        catalogue.check_payload(raw)
    return caught.value


def test_the_twelve_events_are_those_of_the_contract_in_its_order() -> None:
    rows = [line.split("|") for line in CONTRACT.read_text().splitlines() if line.startswith("| ")]
    named = [row[2].strip().strip("`") for row in rows if row[1].strip() in NUMBERS]
    assert list(catalogue.EVENT_TYPES) == named
    assert list(BY_TYPE) == named


def test_the_test_event_is_the_contracts_text_and_cannot_be_published() -> None:
    assert json.dumps(catalogue.TEST_PAYLOAD) in CONTRACT.read_text()
    assert json.loads(catalogue.TEST_PAYLOAD)["event_type"] == catalogue.TEST_EVENT_TYPE
    assert refusal(catalogue.TEST_PAYLOAD.encode()).field == "payload.event_type"


def test_a_good_event_is_kept_as_compact_text() -> None:
    checked = catalogue.check_payload(json.dumps(ORDER, indent=2).encode())
    assert checked.event_type == "custom_order.executed"
    assert checked.text == json.dumps(ORDER, separators=(",", ":"))


def test_unknown_fields_are_kept() -> None:
    assert (
        '"new":{"deep":[1e2]}'
        in catalogue.check_payload(b'{"new": {"deep": [1e2]},' + json.dumps(ORDER).encode()[1:]).text
    )


@pytest.mark.parametrize("path", ["action.amount.asset_class"])
def test_an_optional_field_may_be_absent(path: str) -> None:
    catalogue.check_payload(changed(path, ...))


@pytest.mark.parametrize(
    "path", ["event_type", "iiban", "id", "timestamp", "action", "action.amount.asset", "trigger.condition"]
)
def test_a_required_field_that_is_absent_is_named(path: str) -> None:
    error = refusal(changed(path, ...))
    assert (error.field, error.why) == (f"payload.{path}", "is missing")


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("event_type", "quote.invented", "not an event"),
        ("event_type", 5, "not an event"),
        ("iiban", "", "length >= 1"),
        ("iiban", "A" * 256, "length <= 255"),
        ("id", None, "got null"),
        ("action", [], "got array"),
        ("action.type", "steal", "must be `spend` or `receive`"),
        ("action.amount.asset", 5, "got number"),
        ("action.amount.amount", 100, "got number"),
        ("action.amount.amount", "1,5", "decimal"),
        ("action.amount.amount", "1\n", "decimal"),
        ("action.amount.amount", ".5", "decimal"),
        ("action.amount.amount", "\u0661", "decimal"),
        ("action.amount.amount", "1" * 65, "length <= 64"),
        ("action.amount.asset_class", "stock", "must be `currency`"),
        ("trigger.type", "time", "must be `price`"),
        ("trigger.condition", "eq", "must be `lte` or `gte`"),
        ("timestamp", "2025-01-15T10:30:00Z", "nine fractional digits"),
        ("timestamp", "2025-01-15T10:30:00.000000000Z\n", "nine fractional digits"),
        ("timestamp", "2025-02-30T10:30:00.000000000Z", "exist"),
        ("timestamp", "2025-01-15T24:30:00.000000000Z", "exist"),
    ],
)
def test_a_wrong_field_is_named_with_the_rule_it_breaks(path: str, value: object, words: str) -> None:
    error = refusal(changed(path, value))
    assert error.field == f"payload.{path}"
    assert words in error.why


def test_what_was_sent_is_not_repeated() -> None:
    for path in ("event_type", "action.type", "action.amount.amount", "timestamp", "iiban"):
        assert "hunter2" not in str(refusal(changed(path, "hunter2" * 100)))


def test_a_status_is_one_of_four() -> None:
    event = {key: ORDER[key] for key in ("iiban", "id", "timestamp")} | {"event_type": "deposit.status_updated"}
    event |= {"amount": ORDER["action"]["amount"], "status": "lost"}
    error = refusal(json.dumps(event).encode())
    assert (error.field, error.why) == ("payload.status", "must be `pending` or `held` or `success` or `failure`")


@pytest.mark.parametrize("raw", [b"[]", b"{", b'{"event_type":"user.closed","event_type":"user.closed"}', b'"a"'])
def test_what_is_no_strict_object_is_refused_as_a_payload(raw: bytes) -> None:
    assert refusal(raw).field == "payload"


def test_a_payload_may_have_256_kib_and_no_more() -> None:
    longest = changed("filler", "x" * (catalogue.LONGEST_PAYLOAD - len(changed("filler", ""))))
    assert len(longest) == catalogue.LONGEST_PAYLOAD
    catalogue.check_payload(longest)
    assert "longer than 262144" in refusal(longest + b" ").why


def test_a_user_event_needs_no_id() -> None:
    raw = b'{"event_type":"user.closed","iiban":"AA00","timestamp":"2025-01-15T10:30:00.000000000Z"}'
    assert catalogue.check_payload(raw).text == raw.decode()
