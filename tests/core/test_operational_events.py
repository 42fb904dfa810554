"""Events about the platform itself: their names, their JSON, and the partner that nobody can be."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.core import operational_events as told
from tidings.core.operational_events import (
    KINDS,
    MOST_DELIVERIES,
    PARTNER,
    TYPES,
    BacklogOverLimit,
    BacklogRecovered,
    DeliveriesFailed,
    FailedDelivery,
    OperationalEvent,
    WebhookFailing,
    WebhookRecovered,
)

MOMENT = "2025-01-15T10:30:00.000000000Z"
FAILED = FailedDelivery(
    id="dlv_1",
    event="evt_1",
    event_type="user.verified",
    attempts=3,
    outcome="http_status",
    http_status=500,
    created_at=MOMENT,
    finished_at=MOMENT,
)
EVENTS: list[OperationalEvent] = [
    DeliveriesFailed(id="evt_2", timestamp=MOMENT, partner="acme", webhook="WH1", deliveries=(FAILED,)),
    WebhookFailing(
        id="evt_2",
        timestamp=MOMENT,
        partner="acme",
        webhook="WH1",
        failing_since=MOMENT,
        last_failed_at=MOMENT,
        last_outcome="timeout",
    ),
    WebhookRecovered(
        id="evt_2", timestamp=MOMENT, partner="acme", webhook="WH1", failing_since=MOMENT, recovered_at=MOMENT
    ),
    BacklogOverLimit(id="evt_2", timestamp=MOMENT, pending=11, limit=10),
    BacklogRecovered(id="evt_2", timestamp=MOMENT, pending=5, limit=10, over_since=MOMENT),
]


def test_every_kind_has_a_name_of_its_own() -> None:
    assert tuple(event.event_type for event in EVENTS) == TYPES
    assert len(set(TYPES)) == len(KINDS) == len(EVENTS)
    assert all(name.startswith("operations.") for name in TYPES)


@pytest.mark.parametrize("event", EVENTS, ids=TYPES)
def test_what_is_sent_is_flat_json_that_reads_back_as_the_same_event(event: OperationalEvent) -> None:
    payload = told.payload_of(event)

    assert json.loads(payload)["event_type"] == event.event_type
    assert msgspec.json.decode(payload, type=OperationalEvent) == event


def test_an_event_tells_of_one_delivery_at_least_and_a_hundred_at_most() -> None:
    def read(count: int) -> DeliveriesFailed:
        event = DeliveriesFailed(
            id="evt_2", timestamp=MOMENT, partner="acme", webhook="WH1", deliveries=(FAILED,) * count
        )
        return msgspec.json.decode(told.payload_of(event), type=DeliveriesFailed)

    assert len(read(MOST_DELIVERIES).deliveries) == MOST_DELIVERIES
    for count in (0, MOST_DELIVERIES + 1):
        with pytest.raises(msgspec.ValidationError):
            read(count)


@given(st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True))
def test_no_name_that_a_partner_may_have_is_reserved(name: str) -> None:
    assert not told.is_reserved(name)


def test_the_partner_of_the_operations_is_reserved() -> None:
    assert told.is_reserved(PARTNER)


def test_a_moment_has_nine_digits() -> None:
    assert told.spelt(1_736_937_000_000_000) == MOMENT
