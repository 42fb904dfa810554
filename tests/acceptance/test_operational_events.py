"""Whoever runs the platform is told what fails, recovers and piles up: each thing once, whatever is killed."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from support.certificates import Authority
from support.event_samples import marked
from support.house import House, open_house, settings_for
from support.https_receiver import Answer, HttpsReceiver
from support.operations import (
    FAILED,
    FAILING,
    OVER,
    PATH,
    RECOVERED,
    UNDER,
    failed_deliveries,
    operational_events,
    publish_many,
    settings_with,
    told,
    until_all_ended,
    until_told,
)
from support.platform_client import platform
from support.postgresql import Cluster
from support.service import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def kill_and_restart(house: House) -> None:
    await house.service.kill()
    await house.restart()


async def test_failures_a_failing_webhook_and_its_recovery_are_told_once_across_kills(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    async with open_house(tmp_path, authority, settings_with(own_receiver), receiver=own_receiver) as house:
        partner = await house.partner(Answer(status=503))
        await house.partner()
        doomed = await publish_many(house, partner, 20)
        await own_receiver.until_received(1, partner.path)
        await kill_and_restart(house)
        await own_receiver.until(lambda: failed_deliveries(own_receiver) == doomed, within=60)
        (failing,) = await until_told(own_receiver, FAILING)
        await kill_and_restart(house)
        own_receiver.script(partner.path, Answer())
        delivered = await house.publish(partner)
        (recovered,) = await until_told(own_receiver, RECOVERED)
        await kill_and_restart(house)
        await house.platform.until_none("pending", "in_flight")
        view = await house.platform.delivery(delivered)
        records = await operational_events(house)

    assert view["delivery"]["state"] == "delivered"
    assert (failing["webhook"], failing["partner"]) == (partner.webhook, partner.name)
    assert failing["last_failed_at"] > failing["failing_since"]
    assert (recovered["webhook"], recovered["failing_since"]) == (partner.webhook, failing["failing_since"])
    told_of = {one["id"]: one for event in told(own_receiver, FAILED) for one in event["deliveries"]}
    assert {one["event_type"] for one in told_of.values()} <= {marked("x")["event_type"]}
    assert failed_deliveries(own_receiver) == doomed
    assert (records.count(FAILING), records.count(RECOVERED)) == (1, 1)
    assert records.count(FAILED) == len(told(own_receiver, FAILED)) <= 20


async def test_a_backlog_over_its_limit_and_its_end_are_told_once_across_kills(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    settings = settings_with(own_receiver, LANE_CONCURRENCY="1", RETRY_WINDOW="60", OPERATIONS_FAILING_AFTER="600")
    held = asyncio.Event()
    async with open_house(tmp_path, authority, settings, receiver=own_receiver) as house:
        partner = await house.partner(Answer(after=held))
        await publish_many(house, partner, 40)
        (over,) = await until_told(own_receiver, OVER)
        await kill_and_restart(house)
        held.set()
        (under,) = await until_told(own_receiver, UNDER)
        await house.platform.until_none("pending", "in_flight", within=60)
        records = await operational_events(house)

    assert (over["limit"], over["pending"] > 10) == (10, True)
    assert (under["limit"], under["pending"] <= 5, under["over_since"]) == (10, True, over["timestamp"])
    assert (records.count(OVER), records.count(UNDER)) == (1, 1)


async def test_an_operations_webhook_that_fails_is_not_told_about(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    own_receiver.script(PATH, Answer(status=500))
    async with open_house(tmp_path, authority, settings_with(own_receiver), receiver=own_receiver) as house:
        partner = await house.partner(Answer(status=500))
        await house.platform.until_ended(await house.publish(partner))
        await until_told(own_receiver, FAILING)
        await until_told(own_receiver, FAILED)
        await until_all_ended(house)
        # Every operational delivery has failed for good by now, and nothing more was made of it.
        records = await operational_events(house)
        states = {one["state"] for one in await house.platform.deliveries(partner="_operations")}
        webhooks = {event["webhook"] for event in told(own_receiver, FAILED) + told(own_receiver, FAILING)}

    assert records == [FAILED, FAILING]
    assert states == {"failed"}
    assert webhooks == {partner.webhook}


async def test_what_was_to_be_told_goes_to_the_new_place_after_a_change_of_settings(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    settings = settings_with(own_receiver, RETRY_WINDOW="60")
    settings["TIDINGS_OPERATIONS_URL"] = own_receiver.url("/old")
    own_receiver.script("/old", Answer(status=500))
    async with open_house(tmp_path, authority, settings, receiver=own_receiver) as house:
        partner = await house.partner(Answer(status=500))
        await publish_many(house, partner, 1)
        await own_receiver.until_received(1, "/old")
        await house.service.stop()
        moved = settings_for(tmp_path, authority, own_receiver) | settings_with(own_receiver, RETRY_WINDOW="60")
        house.installation = Installation(house.installation.folder, moved)
        await house.restart()
        (failing,) = await until_told(own_receiver, FAILING)

    assert failing["webhook"] == partner.webhook


@asynccontextmanager
async def shared_house(
    folder: Path, authority: Authority, receiver: HttpsReceiver, url: str
) -> AsyncIterator[tuple[House, Any]]:
    """Two processes on one PostgreSQL database; the second is the house's other service."""
    settings = {
        **settings_for(folder, authority, receiver),
        **settings_with(receiver),
        "TIDINGS_DATABASE_URL": url,
        "TIDINGS_MASTER_KEY": base64.b64encode(bytes(32)).decode(),
    }
    installation = Installation(folder, settings)
    assert (await installation.run("migrate")).status == 0
    token = await installation.create_token("platform")
    one, two = await asyncio.gather(installation.serve(), installation.serve())
    async with platform(one.url, token) as client:
        try:
            yield House(installation=installation, service=one, platform=client, receiver=receiver), two
        finally:
            for service in (one, two):
                if service.running:
                    await service.stop()


async def test_two_processes_tell_each_thing_once_also_when_one_is_killed(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver, durable_server: Cluster
) -> None:
    async with shared_house(tmp_path, authority, own_receiver, durable_server.create()) as (house, other):
        partner = await house.partner(Answer(status=500))
        doomed = await publish_many(house, partner, 60)
        await own_receiver.until_received(30, partner.path)
        await other.kill()
        await own_receiver.until(lambda: failed_deliveries(own_receiver) == doomed, within=60)
        await until_told(own_receiver, FAILING)
        await until_told(own_receiver, OVER)
        own_receiver.script(partner.path, Answer())
        await house.platform.until_ended(await house.publish(partner))
        await until_told(own_receiver, RECOVERED)
        await until_told(own_receiver, UNDER)
        await until_all_ended(house)
        records = await operational_events(house)

    assert failed_deliveries(own_receiver) == doomed
    assert {kind: records.count(kind) for kind in (FAILING, RECOVERED, OVER, UNDER)} == dict.fromkeys(
        (FAILING, RECOVERED, OVER, UNDER), 1
    )
    assert json.dumps(records).count(FAILED) == len(told(own_receiver, FAILED))
