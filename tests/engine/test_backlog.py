"""The engine looks at the backlog all the time, and writes each minute down when it is over."""

import asyncio

from support.stepped_clock import START
from support.workplace import LONGEST_S, PATIENCE_S, Workplace, listening
from tidings.core.instants import SECOND
from tidings.engine.backlog import Backlog
from tidings.store import backlog
from tidings.store.database import Database
from tidings.store.statistics import Resolution

MINUTE = 60 * SECOND
FIRST = START - START % MINUTE


def looker(work: Workplace, *, stopping: bool = False) -> Backlog:
    async def rest(_seconds: float) -> None:
        await asyncio.sleep(0)

    return Backlog(work.ctx, rest=rest, stopping=lambda: stopping)


async def heights(work: Workplace) -> dict[int, tuple[int, int]]:
    """Return what is written down by the number of the minute: how many waited, and how many seconds overdue."""
    found = await work.ctx.store.read(
        lambda connection: backlog.between(connection, Resolution.MINUTE, 0, FIRST + 1_000 * MINUTE)
    )
    return {(at - FIRST) // MINUTE: (height.pending, height.overdue // SECOND) for at, height in found.items()}


async def test_the_most_that_waited_in_a_minute_is_written_down_when_it_is_over(work: Workplace) -> None:
    webhook = await work.partner("acme")
    look = looker(work).look
    await look()
    await work.publish("acme", 3)
    work.clock.pass_(10 * SECOND)
    await look()
    await work.disable("acme", webhook)
    work.clock.pass_(10 * SECOND)
    await look()
    during = await heights(work)
    work.clock.pass_(40 * SECOND)
    await look()

    assert during == {}
    assert await heights(work) == {0: (3, 0)}


async def test_a_minute_tells_how_long_something_has_been_overdue_at_its_end(work: Workplace) -> None:
    await work.partner("acme")
    await work.publish("acme")
    look = looker(work).look
    await look()
    # Looked at again only much later, it is told as of the end of its minute.
    work.clock.pass_(3 * MINUTE)
    await look()

    assert await heights(work) == {0: (1, 60)}


async def test_a_minute_in_which_nobody_looked_is_not_written_down(work: Workplace) -> None:
    look = looker(work).look
    for minutes in (1, 3, 1):
        await look()
        work.clock.pass_(minutes * MINUTE)
    await look()

    assert await heights(work) == {0: (0, 0), 1: (0, 0), 4: (0, 0)}


async def test_of_two_processes_the_one_that_saw_more_is_believed(work: Workplace, other: Workplace) -> None:
    webhook = await work.partner("acme")
    early, late = looker(work), looker(other)
    await work.publish("acme", 4)
    await early.look()
    await work.disable("acme", webhook)
    await late.look()
    work.clock.pass_(MINUTE)
    await early.look()
    await late.look()

    assert await heights(work) == {0: (4, 0)}


async def test_what_was_seen_of_the_last_minute_is_written_down_at_the_end(work: Workplace) -> None:
    await work.partner("acme")
    await work.publish("acme", 2)
    one = looker(work, stopping=True)
    await one.look()
    await one.run()

    assert await heights(work) == {0: (2, 0)}


async def test_an_engine_at_work_leaves_the_history(work: Workplace, database: Database) -> None:
    work.engine.start(work.ctx, listen=listening(database))
    async with asyncio.timeout(LONGEST_S):
        while not await heights(work):
            work.clock.pass_(MINUTE)
            await asyncio.sleep(PATIENCE_S / 100)
    await work.engine.stop(drain_s=1)

    assert set((await heights(work)).values()) == {(0, 0)}
