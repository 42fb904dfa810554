"""``kill -9`` at random moments: nothing acknowledged is lost, what is doubled is accounted for (G1, G4, G5, G19)."""

import asyncio
import random
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from support.certificates import Authority
from support.house import House, marker, open_house
from support.https_receiver import Answer, HttpsReceiver
from support.ledger import Ledger
from support.persistent_publisher import PersistentPublisher
from support.platform_client import JsonObject

pytestmark = pytest.mark.asyncio(loop_scope="session")

KILLS = 20
EVENTS = 2000
PARTNERS = 4
SLOWLY = Answer(delay=0.03)
QUICK_RESCUE = {
    "TIDINGS_ATTEMPT_TIMEOUT": "2",
    "TIDINGS_LEASE": "3",
    "TIDINGS_RETRY_BASE": "0.2",
}


async def test_every_acknowledged_event_survives_twenty_kills(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    ledger = Ledger()
    async with open_house(tmp_path, authority, QUICK_RESCUE, receiver=own_receiver) as house:
        partners = [(await house.partner(SLOWLY)).name for _ in range(PARTNERS)]
        publisher = PersistentPublisher(house.platform, ledger, partners)
        async with asyncio.TaskGroup() as group:
            group.create_task(publisher.publish([marker() for _ in range(EVENTS)]))
            in_flight_at_kills = await _kill_again_and_again(house, publisher)
        await house.platform.until_none("pending", "in_flight", within=60)
        ledger.receive(own_receiver.requests)
        views = await _all_deliveries(house, ledger)
        states = Counter(view["state"] for view in await house.platform.deliveries())

    assert publisher.refused > 0
    assert in_flight_at_kills > 0
    assert (ledger.lost(), ledger.unheard_of()) == (set(), set())
    assert states == {"delivered": EVENTS}
    assert ledger.doubled().total() <= in_flight_at_kills
    for name, view in views.items():
        _check_the_log(view, ledger.signatures[name])


async def _kill_again_and_again(house: House, publisher: PersistentPublisher) -> int:
    """Kill the service at random points of the publishing; return how many attempts were in flight at the kills."""
    chance = random.Random(2026)
    step = EVENTS // KILLS
    in_flight = 0
    for number in range(KILLS):
        await publisher.until_acknowledged(number * step + chance.randrange(1, step))
        await house.service.kill()
        in_flight += _in_flight(house.installation.database)
        await house.restart()
    return in_flight


def _in_flight(database: Path) -> int:
    """Count leases in a copy of what the killed process left, so that its recovery is left to its successor."""
    copy = database.with_name("left-behind.db")
    for ending in ("", "-wal"):
        shutil.copyfile(f"{database}{ending}", f"{copy}{ending}")
    with closing(sqlite3.connect(copy)) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM deliveries WHERE state = 'in_flight'").fetchall()
    return int(count)


async def _all_deliveries(house: House, ledger: Ledger) -> dict[str, JsonObject]:
    """Return every acknowledged delivery with its attempts, by marker."""
    views = {}
    for name, told in ledger.acknowledged.items():
        (delivery,) = told.deliveries
        views[name] = await house.platform.delivery(delivery)
    return views


def _check_the_log(view: JsonObject, signatures: list[str]) -> None:
    """Check that every request the receiver saw is an attempt on record, and only interrupted ones lack a result."""
    attempts = view["attempts"]
    outcomes = Counter(attempt["outcome"] for attempt in attempts)
    logged = {attempt["signature"] for attempt in attempts if attempt["outcome"] != "lease_lost"}
    assert [attempt["number"] for attempt in attempts] == list(range(1, len(attempts) + 1))
    assert outcomes.keys() <= {"ok", "lease_lost", "connect_failed"}, view
    assert outcomes["ok"] == 1
    assert len(signatures) <= len(attempts), view
    assert logged <= set(signatures), view
    assert len(signatures) - 1 <= outcomes["lease_lost"], view


async def test_a_killed_service_starts_again_on_its_own_port_and_data(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    async with open_house(tmp_path, authority, QUICK_RESCUE, receiver=own_receiver) as house:
        partner = await house.partner()
        before = await house.platform.until_ended(await house.publish(partner))
        await house.service.kill()
        await house.restart()
        after = await house.platform.delivery(before["delivery"]["id"])

    assert after == before
