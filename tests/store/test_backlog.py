"""The backlog's history: one row for a minute and one for its hour, the most of both, for as long as they are kept."""

import asyncio

from sqlalchemy import Connection

from support.database_fixtures import opened
from support.moves import WEBHOOK
from support.stepped_clock import START
from support.stored import add_delivery
from tidings.core.instants import SECOND
from tidings.store import backlog
from tidings.store.backlog import Height
from tidings.store.database import Database
from tidings.store.statistics import KEPT, Resolution

MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
FIRST = START - START % HOUR
FAR = FIRST + 1_000 * 24 * HOUR
PROCESSES = 4


async def note(database: Database, minute: int, pending: int, overdue: int = 0) -> bool:
    height = Height(pending=pending, overdue=overdue)
    return await database.write(lambda connection: backlog.note(connection, minute, height))


async def heights(database: Database, resolution: Resolution = Resolution.MINUTE) -> dict[int, tuple[int, int]]:
    found = await database.read(lambda connection: backlog.between(connection, resolution, 0, FAR))
    return {moment: (height.pending, height.overdue) for moment, height in found.items()}


async def test_each_minute_has_a_row_and_its_hour_the_most_of_them(database: Database) -> None:
    for minute, pending in ((FIRST, 5), (FIRST + 2 * MINUTE, 9), (FIRST + 59 * MINUTE, 7), (FIRST + HOUR, 1)):
        assert await note(database, minute, pending)

    # Of the minute between nobody knows anything: it is not nought.
    assert await heights(database) == {
        FIRST: (5, 0),
        FIRST + 2 * MINUTE: (9, 0),
        FIRST + 59 * MINUTE: (7, 0),
        FIRST + HOUR: (1, 0),
    }
    assert await heights(database, Resolution.HOUR) == {FIRST: (9, 0), FIRST + HOUR: (1, 0)}


async def test_of_what_several_saw_in_one_minute_the_most_stays(database: Database) -> None:
    for pending, overdue in ((5, 20), (9, 10), (1, 1)):
        await note(database, FIRST, pending, overdue)

    assert await heights(database) == {FIRST: (9, 20)}


async def test_only_what_is_asked_for_is_told(database: Database) -> None:
    for number in range(4):
        await note(database, FIRST + number * MINUTE, number)

    found = await database.read(
        lambda connection: backlog.between(connection, Resolution.MINUTE, FIRST + MINUTE, FIRST + 3 * MINUTE)
    )
    assert [height.pending for height in found.values()] == [1, 2]


async def test_several_processes_leave_one_row(database_url: str) -> None:
    databases = [opened(database_url) for _ in range(PROCESSES)]

    async def until_noted(database: Database, pending: int) -> None:
        while not await note(database, FIRST, pending):
            pass

    await asyncio.gather(*(until_noted(one, number) for number, one in enumerate(databases)))
    found = await heights(databases[0])
    for one in databases:
        await one.close()

    assert found == {FIRST: (PROCESSES - 1, 0)}


async def test_what_is_too_old_is_forgotten(database: Database) -> None:
    later = FIRST + KEPT[Resolution.MINUTE] + MINUTE
    for minute in (FIRST, FIRST + MINUTE, later):
        await note(database, minute, 1)
    minutes, hours = await heights(database), await heights(database, Resolution.HOUR)
    much_later = FIRST + KEPT[Resolution.HOUR] + HOUR
    await note(database, much_later, 1)

    assert list(minutes) == [FIRST + MINUTE, later]
    assert list(hours) == [FIRST, later - later % HOUR]
    assert list(await heights(database)) == [much_later]
    assert list(await heights(database, Resolution.HOUR)) == [later - later % HOUR, much_later]


async def test_the_first_of_all_that_waits_is_found(database: Database) -> None:
    assert await database.read(backlog.first_due_at) is None

    def some_wait(connection: Connection) -> None:
        for due_at in (START + 9, START + 3, START + 7):
            add_delivery(connection, webhook_id=WEBHOOK, due_at=due_at)

    await database.write(some_wait)
    assert await database.read(backlog.first_due_at) == START + 3
