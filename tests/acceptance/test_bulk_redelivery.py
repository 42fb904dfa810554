"""A redelivery goes on after ``kill -9``, and sends each delivery again exactly once."""

import asyncio
import base64
import time
from collections import Counter
from pathlib import Path

import pytest

from support.certificates import Authority
from support.event_samples import sample
from support.event_stream import Stream, streamed
from support.house import House, Partner, open_house
from support.https_receiver import Answer, HttpsReceiver
from support.platform_client import DEADLINE, PAUSE, JsonObject, events_of
from support.postgresql import Cluster
from support.service import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")

COUNT = 400
# So slow that seconds are left when the last process is killed, on a busy machine too.
RATE = 50
KILLS = 4
MASTER_KEY = base64.b64encode(bytes(range(32))).decode()
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


async def begin(house: House, partner: Partner) -> str:
    begun = await house.platform.http.post(REDELIVERIES, json={"partner": partner.name, "rate": RATE})
    return str(begun.json()["result"]["redelivery"]["id"])


async def sent_again(house: House) -> list[JsonObject]:
    return [one for one in await house.platform.deliveries() if one["redelivery_of"] is not None]


async def heard(stream: Stream, count: int) -> set[str]:
    """Listen until so many deliveries were told."""
    told: set[str] = set()
    while len(told) < count:
        one = await stream.next()
        assert one is not None
        told.add(one.data["delivery"])
    return told


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
        name = await begin(house, partner)
        seen_at_kills = [0]
        for _ in range(KILLS):
            seen_at_kills.append((await until_made(house, name, seen_at_kills[-1] + 1))["made"])
            await house.service.kill()
            await house.restart()
        ended = await until_made(house, name, COUNT + 1)
        await house.platform.until_none("pending", "in_flight")
        again = await sent_again(house)

    assert len(old) == COUNT
    assert (ended["state"], ended["total"], ended["made"]) == ("done", COUNT, COUNT)
    assert (ended["left_out"], ended["refused"]) == (0, 0)
    assert Counter(one["redelivery_of"] for one in again) == Counter(dict.fromkeys(old, 1))
    assert seen_at_kills == sorted(set(seen_at_kills))
    assert seen_at_kills[-1] < COUNT
    # What was in flight at a kill may have arrived: its lease was lost, and its window is over.
    assert {(one["state"], one["last_outcome"]) for one in again} <= {("delivered", "ok"), ("failed", "lease_lost")}


async def test_two_processes_share_a_redelivery_and_one_finishes_it_when_the_other_is_killed(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver, durable_server: Cluster
) -> None:
    shared = {**SETTINGS, "TIDINGS_DATABASE_URL": durable_server.create(), "TIDINGS_MASTER_KEY": MASTER_KEY}
    assert (await Installation(tmp_path, shared).run("migrate")).status == 0
    async with open_house(tmp_path, authority, shared, receiver=own_receiver) as house:
        second = await house.installation.serve()
        partner = await house.partner(Answer(status=500))
        await fail(house, partner)
        own_receiver.script(partner.path, Answer())
        target = f"/platform/v1/attempts/live?partner={partner.name}&outcome=ok"
        token = house.platform.http.headers["authorization"].removeprefix("Bearer ")
        async with streamed(house.service.port, target, token) as stream:
            await stream.begun()
            name = await begin(house, partner)
            at_kill = (await until_made(house, name, 1))["made"]
            await second.kill()
            ended = await until_made(house, name, COUNT + 1)
            await house.platform.until_none("pending", "in_flight")
            again = await sent_again(house)
            arrived = {one["id"] for one in again if one["state"] == "delivered"}
            told = await heard(stream, len(arrived))

    assert 0 < at_kill < COUNT
    assert (ended["state"], ended["made"], ended["left_out"], ended["refused"]) == ("done", COUNT, 0, 0)
    assert Counter(one["redelivery_of"] for one in again).most_common(1)[0][1] == 1
    assert len(again) == COUNT
    # Whichever process made an attempt, the stream of one of them told it.
    assert told == arrived
