"""Partitions on PostgreSQL: there before they are needed, gone once nobody needs them, and never in anybody's way."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import Connection, text

from support.database_fixtures import opened
from support.history_rows import counted, deliver_again, happen, left
from support.postgresql import Cluster
from support.stepped_clock import START
from support.stored import an_event
from tidings.core.ids import event_id
from tidings.core.instants import SECOND, Instant
from tidings.core.model import State
from tidings.core.retention import Retention
from tidings.errors import Unavailable
from tidings.store import events, partitions, schema
from tidings.store.database import Database
from tidings.store.partitions import PARTITIONED, Partitioned

DAY = 86_400 * SECOND
RETENTION = Retention(events=60 * DAY, deliveries=60 * DAY, attempts=60 * DAY)
PART = 10 * DAY
ATTEMPTS, DELIVERIES, EVENTS = PARTITIONED


@pytest_asyncio.fixture
async def database(server: Cluster) -> AsyncIterator[Database]:
    with server.database() as url:
        made = opened(url)
        await made.write(schema.bring_up_to_date)
        yield made
        await made.close()


async def make(database: Database, now: Instant) -> list[str]:
    def work(connection: Connection) -> list[str]:
        made = (partitions.make_ahead(connection, of, retention=RETENTION, now=now) for of in PARTITIONED)
        return [name for names in made for name in names]

    return await database.write(work)


async def ends(database: Database, of: Partitioned = DELIVERIES) -> list[Instant]:
    return [one.end for one in await database.read(lambda connection: partitions.partitions_of(connection, of))]


async def drop_all(database: Database, now: Instant) -> set[str]:
    """Drop what is outlived; return from which tables something went."""
    gone = set()
    for of in PARTITIONED:
        work = lambda connection, of=of: partitions.outlived(connection, of, retention=RETENTION, now=now)  # noqa: E731
        for one in await database.read(work):
            if await database.write(lambda connection, of=of, one=one: partitions.drop(connection, of, one)):  # type: ignore[misc]
                gone.add(of.table)
    return gone


async def until_somebody_waits(database: Database) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with asyncio.timeout(10):
        while not await database.read(lambda connection: connection.execute(waiting).scalar_one()):
            pass


async def a_month(database: Database) -> None:
    """Have a month pass, now and then with a round of the pruner that makes partitions."""
    for day in range(0, 31, 5):
        await make(database, START + day * DAY)


async def test_there_is_always_room_ahead_and_never_much_of_it(database: Database) -> None:
    for day in range(0, 100, 4):
        await make(database, START + day * DAY)
        ahead = (await ends(database))[-1] - (START + day * DAY)
        assert PART // 2 <= ahead <= 2 * PART
    assert len(await ends(database)) <= 12


async def test_where_there_is_room_nothing_is_made(database: Database) -> None:
    assert len(await make(database, START)) == len(PARTITIONED)
    assert await make(database, START + SECOND) == []


async def test_a_service_that_stood_still_for_months_has_room_at_once(database: Database) -> None:
    await make(database, START)
    await make(database, START + 200 * DAY)
    assert (await ends(database))[-1] >= START + 200 * DAY + PART


async def test_what_has_no_partition_is_kept_and_moves_into_its_partition_later(database: Database) -> None:
    far = START + 300 * DAY
    await make(database, START)
    early = await database.write(lambda connection: happen(connection, far))
    in_default = text("SELECT id FROM deliveries_default")
    assert await database.read(lambda one: one.execute(in_default).scalars().all()) == [early.delivery]
    await make(database, far)
    assert await database.read(lambda one: one.execute(in_default).scalars().all()) == []
    assert (await database.read(left))["attempts"] == {early.delivery}
    assert (await database.read(left))["events"] == {early.event}


async def test_who_looks_while_rows_move_finds_them(database: Database) -> None:
    far = START + 300 * DAY
    await make(database, START)
    early = await database.write(lambda connection: happen(connection, far))
    by_id = text("SELECT id FROM deliveries WHERE id = :id")
    moving, may_end = asyncio.Event(), asyncio.Event()

    async def move() -> None:
        async with database._engine.begin() as connection:  # type: ignore[attr-defined] # another process
            await connection.run_sync(lambda one: partitions.make_ahead(one, DELIVERIES, retention=RETENTION, now=far))
            moving.set()
            await may_end.wait()

    async def look() -> list[str]:
        return await database.read(lambda made: list(made.execute(by_id, {"id": early.delivery}).scalars()))

    assert await look() == [early.delivery]
    async with asyncio.TaskGroup() as group:
        group.create_task(move())
        await moving.wait()
        looking = group.create_task(look())
        await until_somebody_waits(database)
        may_end.set()
    assert looking.result() == [early.delivery]


async def test_a_whole_partition_goes_when_all_of_it_is_older_than_is_kept(database: Database) -> None:
    await a_month(database)
    await database.write(lambda connection: happen(connection, START))
    young = await database.write(lambda connection: happen(connection, START + 30 * DAY))
    assert await drop_all(database, START + PART + RETENTION.events - DAY) == set()
    assert await drop_all(database, START + PART + RETENTION.events + DAY) == {"attempts", "deliveries", "events"}
    found = await database.read(left)
    assert (found["events"], found["deliveries"], found["attempts"]) == (
        {young.event},
        {young.delivery},
        {young.delivery},
    )


@pytest.mark.parametrize("state", [State.PENDING, State.IN_FLIGHT])
async def test_nothing_alive_is_ever_dropped(database: Database, state: State) -> None:
    await a_month(database)
    alive = await database.write(lambda connection: happen(connection, START, state=state))
    for _ in range(3):
        await drop_all(database, START + 1000 * DAY)
    found = await database.read(left)
    assert found["deliveries"] == found["attempts"] == {alive.delivery}
    assert found["events"] == {alive.event}


async def test_an_event_that_was_delivered_again_goes_with_its_last_delivery(database: Database) -> None:
    await a_month(database)
    old = await database.write(lambda connection: happen(connection, START))
    await database.write(lambda connection: happen(connection, START + 15 * DAY))
    await database.write(lambda connection: deliver_again(connection, old.event, START + 30 * DAY))
    assert await drop_all(database, START + 26 * DAY + RETENTION.events) == {"attempts", "deliveries", "events"}
    # The events of days that nothing refers to went; those of its own day stay.
    assert (await database.read(left))["events"] == {old.event}
    await drop_all(database, START + 50 * DAY + RETENTION.events)
    assert not any(count for table, count in (await database.read(counted)).items() if table != "idempotency_keys")


async def test_a_partition_that_came_to_life_before_it_could_be_dropped_stays(database: Database) -> None:
    await a_month(database)
    one = (await database.read(lambda connection: partitions.partitions_of(connection, DELIVERIES)))[0]
    await database.write(lambda connection: happen(connection, START, state=State.PENDING))
    assert not await database.write(lambda connection: partitions.drop(connection, DELIVERIES, one))


async def test_a_partition_in_use_is_left_alone_after_a_moment(database: Database) -> None:
    await a_month(database)
    one = (await database.read(lambda connection: partitions.partitions_of(connection, DELIVERIES)))[0]
    reading, may_end = asyncio.Event(), asyncio.Event()

    async def read_on() -> None:
        async with database._engine.begin() as connection:  # type: ignore[attr-defined] # a reader who takes his time
            await connection.execute(text("SELECT count(*) FROM deliveries"))
            reading.set()
            await may_end.wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(read_on())
        await reading.wait()
        with pytest.raises(Unavailable, match="in use by others"):
            await database.write(lambda connection: partitions.drop(connection, DELIVERIES, one))
        may_end.set()
    assert await database.write(lambda connection: partitions.drop(connection, DELIVERIES, one))


async def test_one_process_at_a_time_makes_and_drops(database: Database) -> None:
    holding, may_end = asyncio.Event(), asyncio.Event()

    async def make_slowly() -> None:
        async with database._engine.begin() as connection:  # type: ignore[attr-defined] # another process
            await connection.run_sync(lambda one: partitions.make_ahead(one, EVENTS, retention=RETENTION, now=START))
            holding.set()
            await may_end.wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(make_slowly())
        await holding.wait()
        assert await make(database, START) == []
        may_end.set()
    assert len(await ends(database, EVENTS)) == 1


async def test_an_unfinished_drop_of_another_is_no_mistake(database: Database) -> None:
    await a_month(database)
    one = (await database.read(lambda connection: partitions.partitions_of(connection, ATTEMPTS)))[0]
    assert await database.write(lambda connection: partitions.drop(connection, ATTEMPTS, one))
    assert await database.write(lambda connection: partitions.drop(connection, ATTEMPTS, one))


async def test_the_planner_gets_to_know_a_partition_once_as_soon_as_it_fills(database: Database) -> None:
    await make(database, START)
    assert await database.write(partitions.look_at_new_ones) == 0

    def fill(connection: Connection) -> None:
        events.insert(connection, [an_event(id=event_id(START, os.urandom(8))) for _ in range(2000)])

    await database.write(fill)
    assert await database.write(partitions.look_at_new_ones) == 1
    assert await database.write(partitions.look_at_new_ones) == 0
