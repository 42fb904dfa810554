"""The story that the demo plays, and what must be seen at each turn of it.

Owns the order: register, test, all events, a receiver that fails twice, a name that changes its address.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from ipaddress import IPv4Address

from tidings.cli.demo.clients import Answer, StoryBroken
from tidings.cli.demo.finding import Finding
from tidings.cli.demo.receiver import Received
from tidings.cli.demo.stage import REBOUND_HOST, Stage
from tidings.core.catalogue import EVENT_TYPES, TEST_EVENT_TYPE
from tidings.core.samples import sample
from tidings_receiver import VerificationError, verify

_FORBIDDEN = IPv4Address("127.0.0.2")
_REFUSALS = 2
_ENDED = frozenset({"delivered", "failed", "cancelled"})
_LOOK_AGAIN_S = 0.05
_PATIENCE_S = 60


async def play(stage: Stage) -> AsyncIterator[Finding]:
    """Play the story; yields what was found at each turn."""
    evil = await stage.mallory.register(f"https://{REBOUND_HOST}/hooks", ["user.verified"])
    registered = await stage.acme.register(f"https://127.0.0.1:{stage.receiver.port}/hooks", EVENT_TYPES)
    secret = registered["secret"]
    report = await stage.acme.test(registered["webhook"]["id"])
    yield _test_call(report, stage, secret)
    for finding in await _twelve_events(stage, secret):
        yield finding
    yield await _third_attempt(stage, secret)
    yield await _forbidden_address(stage, evil["webhook"]["id"])


def _test_call(report: Answer, stage: Stage, secret: str) -> Finding:
    arrived = stage.receiver.of(report["payload_sent"].encode())
    genuine = len(arrived) == 1 and _is_genuine(arrived[0], secret)
    told = bool(arrived) and arrived[0].signature == report["signature_header"]
    return Finding(
        TEST_EVENT_TYPE,
        report["result"],
        len(arrived),
        genuine and told and report["result"] == "success",
        "signature verified, and reported as it was sent" if genuine and told else "not what was reported",
    )


async def _twelve_events(stage: Stage, secret: str) -> list[Finding]:
    payloads = [_sample(event_type, stage) for event_type in EVENT_TYPES]
    published = await stage.platform.publish("acme", payloads)
    deliveries = [_only_delivery(event) for event in published]
    return [
        await _delivered(stage, secret, payload, delivery)
        for payload, delivery in zip(payloads, deliveries, strict=True)
    ]


async def _delivered(stage: Stage, secret: str, payload: str, delivery: str) -> Finding:
    ended = (await _ended(stage, delivery))["delivery"]
    arrived = stage.receiver.of(payload.encode())
    genuine = len(arrived) == 1 and _is_genuine(arrived[0], secret)
    return Finding(
        ended["event_type"],
        ended["state"],
        len(arrived),
        genuine and ended["state"] == "delivered" and ended["attempts"] == 1,
        "signature verified over the bytes published" if genuine else "not verified",
    )


async def _third_attempt(stage: Stage, secret: str) -> Finding:
    payload = _sample("deposit.status_updated", stage)
    stage.receiver.refuse(payload.encode(), _REFUSALS)
    (event,) = await stage.platform.publish("acme", [payload])
    ended = (await _ended(stage, _only_delivery(event)))["delivery"]
    arrived = stage.receiver.of(payload.encode())
    held = _is_one_body_signed_anew(arrived, secret)
    statuses = ", ".join(str(request.status) for request in arrived)
    return Finding(
        "a receiver that fails twice",
        ended["state"],
        len(arrived),
        held and ended["state"] == "delivered",
        f"answered {statuses}; " + ("the same bytes, three signatures" if held else "not signed anew"),
    )


async def _forbidden_address(stage: Stage, webhook: str) -> Finding:
    """Registered while its name had no address, the webhook's host now points into the machine itself."""
    stage.name_server.point_to(_FORBIDDEN)
    payload = _sample("user.verified", stage)
    (event,) = await stage.platform.publish("mallory", [payload])
    ended = (await _ended(stage, _only_delivery(event)))["delivery"]
    refused = ended["last_outcome"] == "address_not_allowed" and ended["webhook"] == webhook
    arrived = stage.receiver.of(payload.encode())
    return Finding(
        f"a name that became {_FORBIDDEN}",
        ended["state"],
        ended["attempts"],
        refused and ended["state"] == "failed" and not arrived,
        f"{ended['last_outcome']}, {len(arrived)} requests arrived",
    )


def _sample(event_type: str, stage: Stage) -> str:
    return sample(event_type, now=stage.clock.now(), chance=random.SystemRandom())


def _only_delivery(event: Answer) -> str:
    if len(event["deliveries"]) != 1:
        raise StoryBroken(f"an event has {len(event['deliveries'])} deliveries, not one: {event['unrouted']}")
    return str(event["deliveries"][0])


async def _ended(stage: Stage, delivery: str) -> Answer:
    """Wait until the delivery ended, and return it with its attempts."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            # Asked again and again: the platform API tells a delivery's state and pushes nothing.
            while True:
                view = await stage.platform.delivery(delivery)
                if view["delivery"]["state"] in _ENDED:
                    return view
                await asyncio.sleep(_LOOK_AGAIN_S)
    except TimeoutError:
        raise StoryBroken(f"a delivery did not end within {_PATIENCE_S} s: {delivery}") from None


def _is_genuine(request: Received, secret: str) -> bool:
    try:
        verify(request.body, request.signature, secret)
    except VerificationError:
        return False
    return True


def _is_one_body_signed_anew(arrived: Sequence[Received], secret: str) -> bool:
    return (
        [request.status for request in arrived] == [500] * _REFUSALS + [200]
        and len({request.body for request in arrived}) == 1
        and len({request.signature for request in arrived}) == len(arrived)
        and all(_is_genuine(request, secret) for request in arrived)
    )
