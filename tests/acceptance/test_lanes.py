"""Dead and slow webhooks do not hold up the others (guarantee G7)."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from support.certificates import Authority
from support.event_samples import marked
from support.house import House, Partner, marker, open_house
from support.https_receiver import Answer, HttpsReceiver

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _hanging() -> Answer:
    return Answer(after=asyncio.Event())


async def _publish_mixed(house: House, partners: Sequence[Partner], each: int) -> None:
    """Publish ``each`` events for every partner, interleaved, in one batch."""
    await house.platform.publish(
        *({"partner": partner.name, "payload": marked(marker())} for _ in range(each) for partner in partners)
    )


async def test_a_hanging_webhook_with_a_long_queue_does_not_hold_up_the_others(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    hanging_for_long = {"TIDINGS_ATTEMPT_TIMEOUT": "40", "TIDINGS_LEASE": "90", "TIDINGS_DRAIN_TIMEOUT": "1"}
    async with open_house(tmp_path, authority, hanging_for_long, receiver=own_receiver) as house:
        dead = await house.partner(_hanging())
        healthy = [await house.partner() for _ in range(3)]

        await _publish_mixed(house, [dead, *healthy], each=100)
        for partner in healthy:
            # Well inside the time that one hanging attempt takes to be given up.
            await house.receiver.until_received(100, partner.path, within=35)
        ended = await house.platform.deliveries(webhook=dead.webhook, state="delivered")

    assert ended == []
    assert all(len(house.received(partner)) == 100 for partner in healthy)


async def test_many_hanging_webhooks_leave_room_for_the_rest(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    narrow = {
        "TIDINGS_CONCURRENCY": "8",
        "TIDINGS_LANE_CONCURRENCY": "4",
        "TIDINGS_ATTEMPT_TIMEOUT": "1",
        "TIDINGS_LEASE": "3",
        "TIDINGS_RETRY_BASE": "0.2",
        "TIDINGS_RETRY_CAP": "0.4",
    }
    async with open_house(tmp_path, authority, narrow, receiver=own_receiver) as house:
        dead = [await house.partner(_hanging()) for _ in range(6)]
        healthy = await house.partner()
        await _publish_mixed(house, dead, each=10)
        await house.receiver.until(lambda: all(len(house.received(partner)) >= 2 for partner in dead))

        await _publish_mixed(house, [healthy], each=200)
        await house.receiver.until_received(200, healthy.path, within=10)
        still_open = await house.platform.deliveries(webhook=dead[0].webhook, state="delivered")
        for partner in dead:
            await partner.client.delete(partner.webhook)

    assert still_open == []
