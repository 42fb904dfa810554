"""Events arrive as the contract says: bytes, headers and signatures, judged by the receiver library (G10)."""

import json

import pytest

from support.event_samples import EVENT_TYPES, marked, sample
from support.house import House, marker
from support.vendor_client import COMPACT
from tidings_receiver import verify

pytestmark = pytest.mark.asyncio(loop_scope="session")

OURS = {"content-type", "user-agent", "x-signature", "x-webhook-event", "x-webhook-id"}
WHAT_HTTP_NEEDS = {"accept", "accept-encoding", "connection", "content-length", "host"}


async def test_each_of_the_twelve_events_arrives_and_verifies(patient: House) -> None:
    partner = await patient.partner()

    await patient.platform.publish(*({"partner": partner.name, "payload": sample(name)} for name in EVENT_TYPES))
    requests = await patient.receiver.until_received(12, partner.path)
    events = [verify(request.body, request.header("X-Signature"), partner.secret) for request in requests]
    await patient.platform.until_none("pending", "in_flight", webhook=partner.webhook)
    states = [delivery["state"] for delivery in await patient.platform.deliveries(webhook=partner.webhook)]

    assert sorted(event.event_type for event in events) == sorted(EVENT_TYPES)
    assert all(json.loads(request.body) == sample(request.header("X-Webhook-Event")) for request in requests)
    assert states == ["delivered"] * 12


async def test_the_request_carries_the_headers_of_the_contract_and_no_others(patient: House) -> None:
    partner = await patient.partner()

    await patient.publish(partner, sample("reward.paid"))
    (request,) = await patient.receiver.until_received(1, partner.path)

    names = request.header_names()
    assert request.request_line == f"POST {partner.path} HTTP/1.1".encode()
    assert len(names) == len(set(names))
    assert OURS <= set(names) <= OURS | WHAT_HTTP_NEEDS
    assert request.header("Content-Type") == "application/json"
    assert request.header("X-Webhook-Event") == "reward.paid"
    assert request.header("X-Webhook-ID") == partner.webhook
    assert request.header("User-Agent").startswith("Tidings/")
    assert request.header("Content-Length") == str(len(request.body))
    assert request.header("Host") == f"127.0.0.1:{patient.receiver.port}"
    if "accept-encoding" in names:
        assert request.header("Accept-Encoding") == "identity"


async def test_the_body_is_the_published_text_without_white_space(patient: House) -> None:
    partner = await patient.partner()
    payload = (
        '{ "timestamp" : "2025-01-15T10:30:00.000000000Z",\n "event_type":"user.closed",'
        ' "iiban":"AA00 TEST EXAM PLE1", "b": 1.10, "a" : [ 1e2 , 123456789012345678901234567890 ], "c":"é \\u00e9" }'
    )
    batch = f'{{"events": [{{"partner": "{partner.name}", "payload": {payload}}}]}}'

    headers = {"Content-Type": "application/json"}
    answer = await patient.platform.http.post("/platform/v1/events", content=batch.encode(), headers=headers)
    assert answer.status_code == 202, answer.text
    (request,) = await patient.receiver.until_received(1, partner.path)

    assert request.body.decode() == (
        '{"timestamp":"2025-01-15T10:30:00.000000000Z","event_type":"user.closed",'
        '"iiban":"AA00 TEST EXAM PLE1","b":1.10,"a":[1e2,123456789012345678901234567890],"c":"é \\u00e9"}'
    )


async def test_each_partner_gets_its_own_events_under_its_own_secret(patient: House) -> None:
    partners = [await patient.partner() for _ in range(3)]
    payloads = {partner.name: marked(marker()) for partner in partners}

    await patient.platform.publish(*({"partner": name, "payload": payload} for name, payload in payloads.items()))

    for partner in partners:
        (request,) = await patient.receiver.until_received(1, partner.path)
        verify(request.body, request.header("X-Signature"), partner.secret)
        assert request.body.decode() == json.dumps(payloads[partner.name], separators=COMPACT)
        assert request.header("X-Webhook-ID") == partner.webhook


async def test_a_sample_triggered_from_the_command_line_is_delivered_by_the_running_service(patient: House) -> None:
    partner = await patient.partner()

    await patient.installation.ask("event", "trigger", "quote.executed", "--partner", partner.name)
    (request,) = await patient.receiver.until_received(1, partner.path)
    event = verify(request.body, request.header("X-Signature"), partner.secret)

    assert event.event_type == "quote.executed"
