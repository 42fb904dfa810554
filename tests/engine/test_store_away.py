"""While the store is away, attempts keep their results, and record them within their leases when it is back (G14)."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import TypeAlias

import pytest

from support.database_fixtures import QUICK
from support.https_receiver import OK, Answer
from support.outages import locked, stopped
from support.waiting import until
from support.workplace import PATIENCE_S, Workplace, listening
from tidings.actions.accounting import how_things_stand
from tidings.core.instants import SECOND
from tidings.core.model import State
from tidings.store.database import Database
from tidings.store.sqlite import SqliteDatabase
from tidings.telemetry.facts import (
    AttemptEnded,
    CommitEnded,
    DatabaseBack,
    DatabaseLost,
    Fact,
    LeaseLost,
    LeasesRescued,
    ServiceLoopFailed,
)

Away: TypeAlias = Callable[[], AbstractAsyncContextManager[None]]
QUIET = 5 * SECOND
COUNT = 4


@pytest.fixture
def away(request: pytest.FixtureRequest, database: Database) -> Away:
    """Take the store away, for as long as the context lasts."""
    if isinstance(database, SqliteDatabase):
        return partial(locked, database._path)
    return partial(stopped, request.getfixturevalue("server"), *QUICK)


def outages(work: Workplace) -> list[type[Fact]]:
    return [type(fact) for fact in work.facts if isinstance(fact, DatabaseLost | DatabaseBack)]


async def until_well_again(work: Workplace) -> None:
    """Have the store answer for a while, which is when it counts as back."""
    for _ in range(2):
        seen = len(work.told(CommitEnded))
        await until(lambda: len(work.told(CommitEnded)) > seen + 3, within=PATIENCE_S)  # noqa: B023 - asked at once
        work.clock.pass_(QUIET)
    await work.until_told(DatabaseBack)


async def test_results_of_attempts_are_recorded_when_the_store_is_back(
    work: Workplace, database: Database, away: Away
) -> None:
    hold = asyncio.Event()
    await work.partner("acme", Answer(after=hold))
    work.engine.start(work.ctx, listen=listening(database))
    names = await work.publish("acme", COUNT)
    await work.receiver.until_received(COUNT, "/acme")
    async with away():
        hold.set()
        await work.until_told(DatabaseLost)
        told_while_away = work.told(AttemptEnded)
    ended = await work.until_ended(*names)
    attempts = [one for name in names for one in await work.attempts(name)]
    await until_well_again(work)
    standing = await how_things_stand(work.ctx)

    assert told_while_away == []
    assert {(one.state, one.attempts) for one in ended} == {("delivered", 1)}
    assert [one.outcome for one in attempts] == ["ok"] * COUNT
    assert len(work.receiver.requests) == COUNT
    assert (work.told(LeaseLost), work.told(LeasesRescued), work.told(ServiceLoopFailed)) == ([], [], [])
    assert outages(work) == [DatabaseLost, DatabaseBack]
    assert (standing.tallied[State.DELIVERED], standing.unaccounted) == (COUNT, 0)


async def test_what_waited_when_the_store_went_away_is_delivered_when_it_is_back(
    work: Workplace, database: Database, away: Away
) -> None:
    await work.partner("acme", Answer(status=503), OK)
    work.engine.start(work.ctx, listen=listening(database))
    (name,) = await work.publish("acme")
    await work.until_told(AttemptEnded)
    async with away():
        work.clock.pass_(10 * SECOND)
        await work.until_told(DatabaseLost)
    (ended,) = await work.until_ended(name)
    (fresh,) = await work.until_ended(*await work.publish("acme"))
    await until_well_again(work)

    assert (ended.state, ended.attempts) == ("delivered", 2)
    assert (fresh.state, fresh.attempts) == ("delivered", 1)
    assert len(work.receiver.requests) == 3
    assert work.told(ServiceLoopFailed) == []
    assert outages(work) == [DatabaseLost, DatabaseBack]
