"""Publishing and browsing over HTTP, as docs/design.md section 5 has it."""

from typing import Any

import pytest

from support.event_samples import EVENT_TYPES, sample
from support.partner_client import PartnerClient
from support.platform_answers import DELIVERIES, DELIVERY, EVENTS, MICROS, PLAIN, name_of, problem, publish, wrapped
from support.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_published_event_names_its_deliveries_in_order(at: Served, acme: PartnerClient) -> None:
    partner = await name_of(at, acme)
    await acme.register(enabled=True, events=list(EVENT_TYPES))

    answer = await publish(at, *({"partner": partner, "payload": sample(kind)} for kind in EVENT_TYPES))

    assert answer.status == 202
    events = answer.result["events"]
    assert len(events) == 12
    for kind, event in zip(EVENT_TYPES, events, strict=True):
        assert list(event) == ["id", "duplicate", "deliveries", "unrouted"]
        assert event["id"].startswith("evt_")
        assert [name[:4] for name in event["deliveries"]] == ["dlv_"]
        assert (event["duplicate"], event["unrouted"]) == (False, None)
        shown = (await at.platform("GET", f"{EVENTS}/{event['id']}")).result
        assert shown["event"]["payload"] == sample(kind)
        assert shown["event"]["event_type"] == kind
        assert MICROS.fullmatch(shown["event"]["created_at"])
        assert list(shown["deliveries"][0]) == DELIVERY


async def test_a_shown_delivery_has_its_attempts(at: Served, acme: PartnerClient) -> None:
    partner = await name_of(at, acme)
    webhook = (await acme.register(enabled=True, events=["user.closed"]))["webhook"]
    event = (await publish(at, {"partner": partner, "payload": sample("user.closed")})).result["events"][0]

    shown = (await at.platform("GET", f"{DELIVERIES}/{event['deliveries'][0]}")).result

    assert list(shown) == ["delivery", "attempts"]
    delivery = shown["delivery"]
    assert list(delivery) == DELIVERY
    assert (delivery["state"], delivery["attempts"], shown["attempts"]) == ("pending", 0, [])
    assert (delivery["webhook"], delivery["url"], delivery["partner"]) == (webhook["id"], webhook["url"], partner)
    assert MICROS.fullmatch(delivery["due_at"])


@pytest.mark.parametrize("reason", ["no_webhook", "disabled", "not_subscribed", "partner_disabled"])
async def test_an_event_that_nobody_wants_is_kept_with_its_reason(at: Served, acme: PartnerClient, reason: str) -> None:
    partner = await name_of(at, acme)
    if reason != "no_webhook":
        await acme.register(enabled=reason != "disabled", events=[] if reason == "not_subscribed" else ["user.closed"])
    if reason == "partner_disabled":
        await at.platform("POST", f"/platform/v1/partners/{partner}/disable")

    event = (await publish(at, {"partner": partner, "payload": sample("user.closed")})).result["events"][0]

    assert (event["deliveries"], event["unrouted"]) == ([], reason)
    assert (await at.platform("GET", f"{EVENTS}/{event['id']}")).result["event"]["unrouted"] == reason


async def test_an_idempotency_key_gives_the_same_event_or_a_conflict(at: Served, acme: PartnerClient) -> None:
    partner = await name_of(at, acme)
    event = {"partner": partner, "payload": sample(), "idempotency_key": "order 1"}
    first = (await publish(at, event)).result["events"][0]

    again = (await publish(at, event, event)).result["events"]
    changed = await publish(at, {**event, "payload": sample("user.closed")})

    assert [(one["id"], one["duplicate"]) for one in again] == [(first["id"], True)] * 2
    assert problem(changed, 409, "idempotency_conflict")["index"] == 0


GOOD = {"partner": "P", "payload": sample("user.closed")}
BAD_EVENTS: list[tuple[object, str]] = [
    ({"payload": sample()}, "partner"),
    ({"partner": "P"}, "payload"),
    ({**GOOD, "partner": 1}, "partner"),
    ({**GOOD, "partner": ""}, "partner"),
    ({**GOOD, "partner": "no-such-partner"}, "partner"),
    ({**GOOD, "partner": "a\x00b"}, "partner"),
    ({**GOOD, "idempotency_key": ""}, "idempotency_key"),
    ({**GOOD, "idempotency_key": "a" * 256}, "idempotency_key"),
    ({**GOOD, "idempotency_key": "a\x00b"}, "idempotency_key"),
    ({**GOOD, "idempotency_key": 7}, "idempotency_key"),
    ("event", "event"),
    ({**GOOD, "payload": []}, "payload"),
    ({**GOOD, "payload": {}}, "payload.event_type"),
    ({**GOOD, "payload": {**sample("user.closed"), "event_type": "webhook.test"}}, "payload.event_type"),
    ({**GOOD, "payload": {**sample("user.closed"), "timestamp": "now"}}, "payload.timestamp"),
    ({**GOOD, "payload": {**sample("reward.paid"), "amount": {"asset": "BTC", "amount": 1}}}, "payload.amount.amount"),
    ({**GOOD, "payload": {**sample("user.closed"), "x": "a" * 300_000}}, "payload"),
]


@pytest.mark.parametrize(("bad", "field"), BAD_EVENTS)
async def test_one_bad_event_refuses_the_batch(at: Served, acme: PartnerClient, bad: Any, field: str) -> None:  # noqa: ANN401
    partner = await name_of(at, acme)
    good = {**GOOD, "partner": partner}
    if isinstance(bad, dict) and bad.get("partner") == "P":
        bad = {**bad, "partner": partner}

    told = problem(await publish(at, good, bad, good), 422, "invalid_event")

    assert (told["index"], told["field"]) == (1, field)
    assert (await at.platform("GET", f"{DELIVERIES}?partner={partner}")).result["deliveries"] == []


BAD_BODIES: list[tuple[bytes, str]] = [
    (b"", "body"),
    (b"[]", "body"),
    (b"null", "body"),
    (b'{"events":[', "body"),
    (b"\xff", "body"),
    (b"[" * 100_000, "body"),
    (b'{"x":' + b"[" * 100_000, "body"),
    (b'\xef\xbb\xbf{"events":[]}', "body"),
    (b"{}", "events"),
    (b'{"events":{}}', "events"),
    (b'{"events":[]}', "events"),
    (b'{"events":[' + b",".join([b'{"partner":"p","payload":{}}'] * 1001) + b"]}", "events"),
    (
        wrapped(f'{{"partner":"p","payload":{PLAIN}}}')[:-1]
        + b","
        + wrapped(f'{{"partner":"p","payload":{PLAIN}}}')[1:],
        "body",
    ),
    (wrapped(f'{{"partner":"p","partner":"q","payload":{PLAIN}}}'), "body"),
    (wrapped(f'{{"partner":"p","payload":{{}},"payload":{PLAIN}}}'), "body"),
    (wrapped(f'{{"partner":"p","payload":{PLAIN},"idempotency_key":"\\ud800"}}'), "body"),
    (wrapped(f'{{"partner":"p","payload":{PLAIN},"x":NaN}}'), "body"),
    (wrapped(f'{{"partner":"p","payload":{PLAIN},"x":{"[" * 40}{"]" * 40}}}'), "body"),
]


@pytest.mark.parametrize(("body", "field"), BAD_BODIES)
async def test_an_envelope_that_is_not_strict_json_is_refused(at: Served, body: bytes, field: str) -> None:
    told = problem(await at.platform("POST", EVENTS, body), 400, "invalid_argument")

    assert told["field"] == field
