"""Retention as a platform sees it: what is old is gone, its key is free again, and the accounts still hold."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from support.certificates import Authority
from support.event_samples import marked
from support.house import House, Partner, marker, open_house
from support.https_receiver import HttpsReceiver
from support.platform_client import JsonObject

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEPT_S = "8"
GONE_WITHIN_S = 60


@pytest_asyncio.fixture(loop_scope="session")
async def forgetful(tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver) -> AsyncIterator[House]:
    """A house that keeps nothing for longer than a few seconds."""
    settings = {f"TIDINGS_RETENTION_{what}": KEPT_S for what in ("EVENTS", "DELIVERIES", "ATTEMPTS")}
    async with open_house(tmp_path, authority, settings, receiver=own_receiver) as house:
        yield house


async def until_gone(house: House, path: str) -> None:
    ends = time.monotonic() + GONE_WITHIN_S
    while (await house.platform.http.get(path)).status_code != 404:
        assert time.monotonic() < ends, f"{path} is still there"
        await asyncio.sleep(0.1)


def keyed(partner: Partner, payload: JsonObject) -> JsonObject:
    return {"partner": partner.name, "payload": payload, "idempotency_key": "once"}


async def test_what_is_old_is_gone_and_its_key_is_free_again(forgetful: House) -> None:
    partner = await forgetful.partner()
    event = keyed(partner, marked(marker()))
    (first,) = await forgetful.platform.publish(event)
    await forgetful.platform.until_ended(first["deliveries"][0])

    await until_gone(forgetful, f"/platform/v1/deliveries/{first['deliveries'][0]}")
    await until_gone(forgetful, f"/platform/v1/events/{first['id']}")
    (again,) = await forgetful.platform.publish(event)
    await forgetful.platform.until_none("pending", "in_flight", webhook=partner.webhook)

    assert not again["duplicate"]
    assert again["id"] != first["id"]
    assert len(forgetful.received(partner)) == 2
    # Counted for ever: fan-out is what was ever made (G19).
    states = await forgetful.platform.states()
    assert states["delivered"] == sum(states.values()) == 2
