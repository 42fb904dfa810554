"""At any moment every delivery is in one state, and the metrics say in which (G19)."""

import asyncio
from pathlib import Path

import pytest

from support.certificates import Authority
from support.event_samples import marked
from support.house import House, Partner, marker, open_house
from support.https_receiver import Answer, HttpsReceiver

pytestmark = pytest.mark.asyncio(loop_scope="session")

EACH = 40
SETTINGS = {
    "TIDINGS_RETRY_BASE": "0.2",
    "TIDINGS_RETRY_WINDOW": "1",
    "TIDINGS_ATTEMPT_TIMEOUT": "5",
    "TIDINGS_LEASE": "8",
    "TIDINGS_LANE_CONCURRENCY": "4",
}
STATES = {"pending", "in_flight", "delivered", "failed", "cancelled"}


async def _publish(house: House, partner: Partner) -> None:
    await house.platform.publish(*({"partner": partner.name, "payload": marked(marker())} for _ in range(EACH)))


async def test_the_metrics_account_for_every_delivery_whatever_became_of_it(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    held = asyncio.Event()
    async with open_house(tmp_path, authority, SETTINGS, receiver=own_receiver) as house:
        healthy = await house.partner()
        failing = await house.partner(Answer(status=500))
        leaving = await house.partner(Answer(after=held))
        totals = []
        for partner in (healthy, failing, leaving):
            await _publish(house, partner)
            totals.append(await house.platform.states())
        await house.receiver.until_received(1, leaving.path)
        in_between = await house.platform.states()
        await leaving.client.delete(leaving.webhook)
        held.set()
        await house.platform.until_none("pending", "in_flight")
        at_last = await house.platform.states()
        cancelled = await house.platform.deliveries(webhook=leaving.webhook, state="cancelled")

    assert [sum(states.values()) for states in (*totals, in_between, at_last)] == [
        EACH,
        2 * EACH,
        3 * EACH,
        3 * EACH,
        3 * EACH,
    ]
    assert at_last.keys() == STATES
    assert in_between["in_flight"] >= 1
    assert (at_last["pending"], at_last["in_flight"]) == (0, 0)
    assert at_last["failed"] == EACH
    assert at_last["cancelled"] == len(cancelled) >= EACH - 4
