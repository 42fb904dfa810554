"""Programs written from the vendor's documentation work unchanged, whatever their spelling of JSON and nonces."""

import time
from dataclasses import replace

import pytest

from support.event_samples import EVENT_TYPES
from support.house import House
from support.https_receiver import Answer
from support.vendor_client import COMPACT, SPACED, NonceSource, VendorClient, counter, milliseconds
from tidings_receiver import WebhookTest, verify

pytestmark = pytest.mark.asyncio(loop_scope="session")

NONCES = {"nanoseconds": time.time_ns, "milliseconds": milliseconds, "a counter": counter(1)}


async def _client(house: House, nonce: NonceSource, separators: tuple[str, str]) -> VendorClient:
    _, client = await house.bare_partner()
    return replace(client, nonce=nonce, separators=separators)


@pytest.mark.parametrize("separators", [COMPACT, SPACED], ids=["compact", "spaced"])
@pytest.mark.parametrize("nonce", NONCES.values(), ids=NONCES.keys())
async def test_registers_lists_patches_tests_and_deletes(
    patient: House, nonce: NonceSource, separators: tuple[str, str]
) -> None:
    client = await _client(patient, nonce, separators)
    url = patient.receiver.url("/programs")

    registered = (await client.register(url, events=["user.verified"], enabled=True))["webhook"]
    listed = (await client.call("GET", "/b2b/webhooks")).result
    patched = (await client.update(registered["id"], events=["user.closed", "quote.executed"]))["webhook"]
    tested = (await client.call("POST", f"/b2b/webhooks/{registered['id']}/test")).result
    deleted = await client.delete(registered["id"])
    left = (await client.call("GET", "/b2b/webhooks")).result

    assert (registered["url"], registered["enabled"], registered["subscribed_events"]) == (url, True, ["user.verified"])
    assert registered["available_events"] == list(EVENT_TYPES)
    assert listed == {"webhooks": [registered]}
    assert patched["subscribed_events"] == ["user.closed", "quote.executed"]
    assert patched["enabled"]
    assert tested["result"] == "success"
    assert deleted["webhook_id"] == registered["id"]
    assert left == {"webhooks": []}


async def test_the_query_is_signed_exactly_as_it_is_sent(patient: House) -> None:
    _, client = await patient.bare_partner()

    for target in ("/b2b/webhooks", "/b2b/webhooks?", "/b2b/webhooks?page=1&x=%2F%c3%A9+~", "/b2b/webhooks??a=b?c"):
        assert (await client.call("GET", target)).result == {"webhooks": []}, target


async def test_the_test_endpoint_reports_exactly_what_went_out(patient: House) -> None:
    partner = await patient.partner(Answer(status=418, body=b"short and stout"))

    report = (await partner.client.call("POST", f"/b2b/webhooks/{partner.webhook}/test")).result
    (request,) = patient.received(partner)
    event = verify(request.body, request.header("X-Signature"), partner.secret)

    assert isinstance(event, WebhookTest)
    assert request.header("X-Webhook-Event") == "webhook.test"
    assert report["result"] == "failure"
    assert report["payload_sent"] == request.body.decode()
    assert report["signature_header"] == request.header("X-Signature")
    assert (report["http_status"], report["response_body"]) == (418, "short and stout")


async def test_a_nonce_serves_once(patient: House) -> None:
    _, client = await patient.bare_partner()
    stuck = replace(client, nonce=lambda: 7)

    first = await stuck.call("GET", "/b2b/webhooks")
    second = await stuck.call("GET", "/b2b/webhooks")

    assert (first.status, second.status) == (200, 401)
    assert second.document["error"] == ["EAPI:Invalid nonce"]


async def test_a_second_webhook_of_a_partner_is_refused(patient: House) -> None:
    partner = await patient.partner()

    answer = await partner.client.call("POST", "/b2b/webhooks", {"url": patient.receiver.url("/other")})

    assert (answer.status, answer.document["error"]) == (409, ["ENexus:Webhook already exists"])


async def test_every_answer_carries_a_trace_id_of_its_own(patient: House) -> None:
    _, client = await patient.bare_partner()

    answers = [await client.call("GET", "/b2b/webhooks"), await client.call("GET", "/b2b/nothing")]

    assert [answer.status for answer in answers] == [200, 404]
    assert len({answer.headers["x-trace-id"] for answer in answers}) == 2
