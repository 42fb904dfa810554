"""What a running service counts of what really happened."""

import asyncio

import pytest

from support.house import House
from support.https_receiver import Answer
from support.platform_client import PAUSE

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_each_delivery_and_each_attempt_is_counted_once(patient: House) -> None:
    partner = await patient.partner(Answer(status=500), Answer())
    for name in [await patient.publish(partner) for _ in range(5)]:
        await patient.platform.until_ended(name)
    ended = await patient.platform.deliveries(partner=partner.name)
    attempts = sum(delivery["attempts"] for delivery in ended)

    counted = await patient.platform.statistics(webhook=partner.webhook)
    while counted["attempts"] < attempts:
        await asyncio.sleep(PAUSE)
        counted = await patient.platform.statistics(webhook=partner.webhook)

    assert (counted["published"], counted["delivered"], counted["failed"]) == (5, 5, 0)
    assert counted["attempts"] == attempts == 5 + counted["failed_attempts"]
    assert 0 < counted["p50_ms"] <= counted["p95_ms"] <= counted["p99_ms"]
