"""The test endpoint, against a receiver that answers."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from support.certificates import Authority
from support.https_receiver import Answer, Drop, HttpsReceiver
from support.partner_client import PartnerClient
from support.served import PLENTY, Served, Terms, served
from tidings.actions.context import Limits
from tidings.core.instants import span
from tidings_receiver import verify

PAYLOAD = (
    '{"event_type":"webhook.test","message":"This is a test webhook event to verify your endpoint configuration."}'
)
FIELDS = ["result", "test_id", "payload_sent", "signature_header", "http_status", "response_body", "error_message"]


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[HttpsReceiver]:
    authority = Authority()
    async with HttpsReceiver(authority) as up:
        up.pem = authority.pem  # type: ignore[attr-defined]
        yield up


@pytest_asyncio.fixture
async def at(tmp_path: Path, receiver: HttpsReceiver) -> AsyncIterator[Served]:
    limits = Limits(rate_limit=PLENTY, attempt_timeout=span(5))
    terms = Terms(limits=limits, loopback_port=receiver.port, roots_pem=receiver.pem)  # type: ignore[attr-defined]
    async with served(tmp_path, terms) as up:
        yield up


async def registered(at: Served, receiver: HttpsReceiver, *, enabled: bool = True) -> tuple[PartnerClient, str, str]:
    acme = await at.partner()
    made = await acme.register(receiver.url("/hook"), enabled=enabled)
    return acme, f"/b2b/webhooks/{made['webhook']['id']}/test", made["secret"]


async def test_a_test_sends_the_signed_event_now_and_reports(at: Served, receiver: HttpsReceiver) -> None:
    acme, path, secret = await registered(at, receiver)

    answer = await acme.call("POST", path)

    assert answer.status == 200
    report = answer.result
    assert list(report) == FIELDS
    (received,) = receiver.requests
    assert report["result"] == "success"
    assert report["payload_sent"] == PAYLOAD == received.body.decode()
    assert report["signature_header"] == received.header("X-Signature")
    assert (report["http_status"], report["response_body"], report["error_message"]) == (200, "OK", None)
    assert received.header("X-Webhook-Event") == "webhook.test"
    verify(received.body, received.header("X-Signature"), secret)


async def test_a_failing_receiver_is_reported_with_200(at: Served, receiver: HttpsReceiver) -> None:
    acme, path, _ = await registered(at, receiver)
    receiver.script("/hook", Answer(status=500, body=b"\xff" + b"a" * 2000), Drop())

    answered = (await acme.call("POST", path)).result
    dropped = (await acme.call("POST", path)).result

    assert (answered["result"], answered["http_status"]) == ("failure", 500)
    assert answered["response_body"].startswith("\ufffda")
    assert len(answered["response_body"]) == 1024
    assert answered["error_message"] is not None
    assert (dropped["result"], dropped["http_status"], dropped["response_body"]) == ("failure", None, None)
    assert dropped["error_message"]


async def test_a_disabled_webhook_is_not_tested(at: Served, receiver: HttpsReceiver) -> None:
    acme, path, _ = await registered(at, receiver, enabled=False)

    answer = await acme.call("POST", path)

    assert (answer.status, answer.error) == (409, "ENexus:Webhook is disabled")
    assert receiver.requests == []


async def test_one_test_at_a_time(at: Served, receiver: HttpsReceiver) -> None:
    acme, path, _ = await registered(at, receiver)
    go_on = asyncio.Event()
    receiver.script("/hook", Answer(after=go_on))
    first = asyncio.create_task(acme.call("POST", path))
    await receiver.until_received(1, "/hook")

    second = await acme.call("POST", path)

    assert (second.status, second.error) == (429, "EAPI:Rate limit exceeded")
    assert int(second.header("retry-after") or 0) >= 1
    go_on.set()
    assert (await first).result["result"] == "success"
    assert len(receiver.requests) == 1


async def test_an_ignored_body_does_not_hinder_a_test(at: Served, receiver: HttpsReceiver) -> None:
    acme, path, _ = await registered(at, receiver)

    assert (await acme.call("POST", path, {})).status == 200
    assert json.loads(receiver.requests[0].body)["event_type"] == "webhook.test"
