"""The schema changes while events are published and delivered: nothing is lost or doubled, and nobody is stopped."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from support import first_release
from support.certificates import Authority
from support.database_fixtures import AnyDatabase, opened
from support.event_samples import marked
from support.house import marker, open_house
from support.https_receiver import HttpsReceiver
from support.ledger import Ledger
from support.next_release import next_release
from support.old_schema import make_old, revision_of
from support.persistent_publisher import PersistentPublisher
from support.platform_client import Platform, platform
from support.postgresql import Cluster
from support.service import Installation
from tidings.errors import Unavailable
from tidings.store import schema

pytestmark = pytest.mark.asyncio(loop_scope="session")

BATCH, AROUND = 50, 200
WRITERS = 4


async def publish_during(publisher: PersistentPublisher, under_way: asyncio.Task[object]) -> None:
    while not under_way.done():
        await publisher.publish(marker() for _ in range(BATCH))


async def state_of_another(client: Platform, partner: str) -> str:
    """Publish one more event through ``client``; return how its delivery ended."""
    (told,) = await client.publish({"partner": partner, "payload": marked(marker())})
    view = await client.until_ended(told["deliveries"][0])
    return str(view["delivery"]["state"])


async def test_this_release_goes_on_while_the_next_one_migrates(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver, shared_database: dict[str, str]
) -> None:
    ledger = Ledger()
    async with open_house(tmp_path, authority, shared_database, receiver=own_receiver) as house:
        coming, newest = next_release(house.installation, tmp_path / "next")
        publisher = PersistentPublisher(house.platform, ledger, [(await house.partner()).name for _ in range(3)])
        await publisher.publish(marker() for _ in range(AROUND))
        before = len(ledger.acknowledged)
        migrating = asyncio.create_task(coming.run("migrate"))
        await publish_during(publisher, migrating)
        during = len(ledger.acknowledged) - before
        await publisher.publish(marker() for _ in range(AROUND))
        await house.platform.until_none("pending", "in_flight")
        ledger.receive(own_receiver.requests)

    assert migrating.result().status == 0, migrating.result().stderr
    assert await revision_of(shared_database["TIDINGS_DATABASE_URL"]) == newest
    assert during > 0
    assert (ledger.lost(), ledger.unheard_of(), ledger.doubled()) == (set(), set(), Counter())


async def test_the_next_release_works_beside_this_one_then_alone_and_this_one_can_come_back(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver, shared_database: dict[str, str]
) -> None:
    async with open_house(tmp_path, authority, shared_database, receiver=own_receiver) as house:
        coming, _ = next_release(house.installation, tmp_path / "next")
        partner = (await house.partner()).name
        token = await house.installation.create_token("next")
        assert (await coming.run("migrate")).status == 0
        successor = await coming.serve()
        async with platform(successor.url, token) as client:
            beside = [await state_of_another(one, partner) for one in (house.platform, client)]
            stopped = await house.service.stop()
            alone = await state_of_another(client, partner)
        await successor.stop()
        await house.restart()
        back = await state_of_another(house.platform, partner)

    assert [*beside, alone, back] == ["delivered"] * 4
    assert stopped == 0


@pytest.fixture
def old_url(durable_server: Cluster) -> Iterator[str]:
    with durable_server.database() as url:
        yield url


async def deliver_during(
    database: AnyDatabase, numbers: Iterator[int], under_way: asyncio.Task[object]
) -> tuple[list[str], int]:
    """Publish and deliver as the first release does; return the deliveries, and how often it was to try again."""
    delivered, refused = [], 0
    while not under_way.done():
        number = next(numbers)
        while True:
            try:
                _, delivery = await database.write(
                    lambda connection, number=number: first_release.deliver(connection, number)  # type: ignore[misc]
                )
            except Unavailable:
                refused += 1
            else:
                delivered.append(delivery)
                break
    return delivered, refused


@asynccontextmanager
async def opened_and_closed(url: str) -> AsyncIterator[AnyDatabase]:
    database = opened(url)
    try:
        yield database
    finally:
        await database.close()


async def test_what_the_first_release_writes_during_all_migrations_is_there_afterwards(
    tmp_path: Path, shared_database: dict[str, str], old_url: str
) -> None:
    await make_old(old_url, "0001")
    numbers = itertools.count(1)
    async with opened_and_closed(old_url) as database:
        await database.write(first_release.register)
        started, _ = await deliver_during(database, numbers, asyncio.create_task(asyncio.sleep(1)))
        migrating = asyncio.create_task(
            Installation(tmp_path, shared_database | {"TIDINGS_DATABASE_URL": old_url}).run("migrate")
        )
        done = await asyncio.gather(*(deliver_during(database, numbers, migrating) for _ in range(WRITERS)))
        migrated = await migrating
        shown = set(await database.read(every_delivered))

    assert migrated.status == 0, migrated.stderr
    assert await revision_of(old_url) == schema.head()
    meanwhile = [delivery for delivered, _ in done for delivery in delivered]
    assert meanwhile
    assert shown == {*started, *meanwhile}


def every_delivered(connection: Connection) -> list[str]:
    return [row[0] for row in connection.exec_driver_sql("SELECT id FROM deliveries WHERE state = 'delivered'")]
