"""Publishing again under the same idempotency key gives the same event and one set of deliveries (G2)."""

import asyncio
import json

import pytest

from support.event_samples import marked
from support.house import House, Partner, marker
from support.platform_client import JsonObject

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEYS = 20
PUBLISHERS = 50


def _event(partner: Partner, key: str, payload: JsonObject) -> JsonObject:
    return {"partner": partner.name, "payload": payload, "idempotency_key": key}


async def test_the_same_key_again_gives_the_same_event_and_no_second_delivery(patient: House) -> None:
    partner = await patient.partner()
    event = _event(partner, "once", marked(marker()))

    (first,) = await patient.platform.publish(event)
    await patient.platform.until_ended(first["deliveries"][0])
    (second,) = await patient.platform.publish(event)
    await patient.platform.until_none("pending", "in_flight", webhook=partner.webhook)

    assert not first["duplicate"]
    assert second == {**first, "duplicate": True}
    assert len(patient.received(partner)) == 1


async def test_the_same_key_with_another_payload_is_a_conflict_and_stores_nothing(patient: House) -> None:
    partner = await patient.partner()
    await patient.platform.publish(_event(partner, "taken", marked(marker())))

    conflict = await patient.platform.try_publish(
        _event(partner, "free", marked(marker())), _event(partner, "taken", marked(marker()))
    )
    (free,) = await patient.platform.publish(_event(partner, "free", marked(marker())))

    assert conflict.status_code == 409
    assert not free["duplicate"]
    assert len(await patient.platform.deliveries(webhook=partner.webhook)) == 2


async def test_a_key_twice_in_one_batch_is_one_event(patient: House) -> None:
    partner = await patient.partner()
    event = _event(partner, "twice", marked(marker()))

    first, second = await patient.platform.publish(event, event)
    await patient.platform.until_ended(first["deliveries"][0])

    assert (first["duplicate"], second["duplicate"]) == (False, True)
    assert (first["id"], first["deliveries"]) == (second["id"], second["deliveries"])
    assert len(patient.received(partner)) == 1


async def test_white_space_makes_no_difference_to_a_key(patient: House) -> None:
    partner = await patient.partner()
    event = _event(partner, "spaced", marked(marker()))
    (first,) = await patient.platform.publish(event)

    spaced = json.dumps({"events": [event]}, indent=3).encode()
    headers = {"Content-Type": "application/json"}
    answer = await patient.platform.http.post("/platform/v1/events", content=spaced, headers=headers)
    (second,) = answer.json()["result"]["events"]

    assert answer.status_code == 202
    assert second == {**first, "duplicate": True}


async def test_a_key_belongs_to_its_partner(patient: House) -> None:
    partners = [await patient.partner(), await patient.partner()]

    published = [
        (await patient.platform.publish(_event(partner, "shared", marked(marker()))))[0] for partner in partners
    ]

    assert [event["duplicate"] for event in published] == [False, False]
    assert len({event["id"] for event in published}) == 2


async def test_fifty_publishers_with_the_same_keys_at_once_make_one_event_each(patient: House) -> None:
    partner = await patient.partner()
    events = [_event(partner, f"key-{number}", marked(marker())) for number in range(KEYS)]

    answers = await asyncio.gather(*(patient.platform.publish(*events) for _ in range(PUBLISHERS)))
    await patient.platform.until_none("pending", "in_flight", webhook=partner.webhook)

    firsts = sum(not event["duplicate"] for answer in answers for event in answer)
    assert firsts == KEYS
    assert len({tuple(event["id"] for event in answer) for answer in answers}) == 1
    assert len(patient.received(partner)) == len(await patient.platform.deliveries(webhook=partner.webhook)) == KEYS
