"""A redelivery goes on after ``kill -9``, and sends each delivery again exactly once."""

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest

from support.certificates import Authority
from support.event_samples import sample
from support.house import House, Partner, open_house
from support.https_receiver import Answer, HttpsReceiver
from support.platform_client import DEADLINE, PAUSE, JsonObject, events_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

COUNT = 400
RATE = 200
KILLS = 4
REDELIVERIES = "/platform/v1/redeliveries"
# Whatever fails, fails for good at once.
SETTINGS = {"TIDINGS_ATTEMPT_TIMEOUT": "2", "TIDINGS_LEASE": "3", "TIDINGS_RETRY_WINDOW": "0.001"}


async def job(house: House, name: str) -> JsonObject:
    answer = await house.platform.http.get(f"{REDELIVERIES}/{name}")
    found: JsonObject = answer.json()["result"]["redelivery"]
    return found


async def until_made(house: House, name: str, count: int) -> JsonObject:
    limit = time.monotonic() + DEADLINE
    while (found := await job(house, name))["made"] < count and found["state"] == "running":
        assert time.monotonic() < limit, found
        await asyncio.sleep(PAUSE)
    return found


async def fail(house: House, partner: Partner) -> None:
    """Have ``COUNT`` deliveries fail for good."""
    payloads = [sample("user.closed") for _ in range(COUNT)]
    for start in range(0, COUNT, 100):
        await house.platform.publish(*events_of(partner.name, payloads[start : start + 100]))
    await house.platform.until_none("pending", "in_flight")


async def test_a_redelivery_goes_on_after_each_kill_and_doubles_nothing(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    async with open_house(tmp_path, authority, SETTINGS, receiver=own_receiver) as house:
        partner = await house.partner(Answer(status=500))
        await fail(house, partner)
        old = {delivery["id"] for delivery in await house.platform.deliveries(state="failed")}
        own_receiver.script(partner.path, Answer())
        begun = await house.platform.http.post(REDELIVERIES, json={"partner": partner.name, "rate": RATE})
        name = begun.json()["result"]["redelivery"]["id"]
        seen_at_kills = []
        for number in range(1, KILLS + 1):
            seen_at_kills.append((await until_made(house, name, number * COUNT // (KILLS + 1)))["made"])
            await house.service.kill()
            await house.restart()
        ended = await until_made(house, name, COUNT + 1)
        await house.platform.until_none("pending", "in_flight")
        again = [one for one in await house.platform.deliveries() if one["redelivery_of"] is not None]

    assert len(old) == COUNT
    assert (ended["state"], ended["total"], ended["made"]) == ("done", COUNT, COUNT)
    assert (ended["left_out"], ended["refused"]) == (0, 0)
    assert Counter(one["redelivery_of"] for one in again) == Counter(dict.fromkeys(old, 1))
    assert 0 < seen_at_kills[0] < seen_at_kills[-1] < COUNT
    # What was in flight at a kill may have arrived: its lease was lost, and its window is over.
    assert {(one["state"], one["last_outcome"]) for one in again} <= {("delivered", "ok"), ("failed", "lease_lost")}
