"""The receiver of operational events, and what it was told.

Owns the settings that name it. Everything that it counts as told was verified and has the documented shape.
"""

import base64

import msgspec

from support.event_samples import marked
from support.house import House, Partner, marker
from support.https_receiver import HttpsReceiver
from support.platform_client import JsonObject
from tidings.core.operational_events import OperationalEvent
from tidings_receiver import UnknownEvent, verify

PATH = "/operations"
SECRET = base64.b64encode(b"the operations' own signing key!").decode()
FAILED, FAILING, RECOVERED, OVER, UNDER = (
    f"operations.{name}"
    for name in ("deliveries_failed", "webhook_failing", "webhook_recovered", "backlog_over_limit", "backlog_recovered")
)


def settings_with(receiver: HttpsReceiver, **changed: str) -> dict[str, str]:
    plain = {
        "TIDINGS_OPERATIONS_URL": receiver.url(PATH),
        "TIDINGS_OPERATIONS_SECRET": SECRET,
        "TIDINGS_OPERATIONS_FAILING_AFTER": "0.5",
        "TIDINGS_OPERATIONS_BACKLOG": "10",
        "TIDINGS_RETRY_BASE": "0.2",
        "TIDINGS_RETRY_WINDOW": "1.5",
        "TIDINGS_ATTEMPT_TIMEOUT": "5",
        "TIDINGS_LEASE": "8",
    }
    return plain | {f"TIDINGS_{name}": value for name, value in changed.items()}


def told(receiver: HttpsReceiver, event_type: str) -> list[JsonObject]:
    """Return the events of a type that arrived, each once however often it was sent, all verified and well formed."""
    found: dict[str, JsonObject] = {}
    for request in receiver.at(PATH):
        event = verify(request.body, request.header("X-Signature"), SECRET, tolerance=600)
        assert isinstance(event, UnknownEvent)
        assert event.event_type == request.header("X-Webhook-Event")
        msgspec.json.decode(request.body, type=OperationalEvent)
        if event.event_type == event_type:
            found[event.raw["id"]] = event.raw
    return list(found.values())


def failed_deliveries(receiver: HttpsReceiver) -> list[str]:
    return sorted(one["id"] for event in told(receiver, FAILED) for one in event["deliveries"])


async def until_told(receiver: HttpsReceiver, event_type: str, count: int = 1) -> list[JsonObject]:
    await receiver.until(lambda: len(told(receiver, event_type)) >= count)
    return told(receiver, event_type)


async def publish_many(house: House, partner: Partner, count: int) -> list[str]:
    batch = [{"partner": partner.name, "payload": marked(marker())} for _ in range(count)]
    return sorted(published["deliveries"][0] for published in await house.platform.publish(*batch))


async def until_all_ended(house: House) -> None:
    for one in await house.platform.deliveries(partner="_operations"):
        await house.platform.until_ended(one["id"])


async def operational_events(house: House) -> list[str]:
    """Return the types of everything that was ever told, as the records have it."""
    return sorted(one["event_type"] for one in await house.platform.deliveries(partner="_operations"))
