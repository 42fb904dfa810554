"""The database is lost once, and back once, however its failures and answers alternate."""

import os
from collections.abc import AsyncIterator

import pytest_asyncio
from sqlalchemy import Connection

from support.stepped_clock import SteppedClock
from tidings.core.instants import SECOND
from tidings.core.secret import Secret
from tidings.errors import Unavailable
from tidings.store.database import Database
from tidings.store.group_commit import GroupCommit, each
from tidings.store.store import Store
from tidings.store.transaction import Transaction
from tidings.store.vault import Vault
from tidings.telemetry.facts import DatabaseBack, DatabaseLost, Fact

facts: list[Fact] = []


@pytest_asyncio.fixture
async def store(database: Database, clock: SteppedClock) -> AsyncIterator[Store]:
    facts.clear()
    commits = GroupCommit(database, clock=clock, emit=facts.append)
    vault = Vault([Secret(bytes(32))], entropy=os.urandom)
    yield Store(database=database, commits=commits, vault=vault, clock=clock, emit=facts.append)
    await commits.close()


def _fail(_transaction: Transaction, reason: str) -> None:
    raise Unavailable(reason)


def _succeed(transaction: Transaction, _item: str) -> int:
    return _look(transaction.connection)


def _look(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT 1").scalar_one())


fail, succeed = each(_fail), each(_succeed)


def told() -> list[Fact]:
    return [fact for fact in facts if isinstance(fact, DatabaseLost | DatabaseBack)]


async def fails(store: Store) -> None:
    try:
        await store.write(fail, "no space left")
    except Unavailable:
        return
    raise AssertionError("it did not fail")


async def test_a_database_that_only_reads_is_lost_once(store: Store, clock: SteppedClock) -> None:
    for _ in range(20):
        await fails(store)
        await store.read(_look)
        clock.pass_(SECOND)

    assert told() == [DatabaseLost("no space left")]


async def test_a_database_that_takes_some_writes_is_lost_once(store: Store, clock: SteppedClock) -> None:
    for _ in range(20):
        await fails(store)
        clock.pass_(SECOND)
        await store.write(succeed, "")

    assert told() == [DatabaseLost("no space left")]


async def test_it_is_back_when_it_answered_for_a_while_and_since_its_first_answer(
    store: Store, clock: SteppedClock
) -> None:
    await fails(store)
    clock.pass_(3 * SECOND)
    for _ in range(10):
        await store.write(succeed, "")
        clock.pass_(SECOND)

    assert told() == [DatabaseLost("no space left"), DatabaseBack(3000)]


async def test_it_can_be_lost_again(store: Store, clock: SteppedClock) -> None:
    for _ in range(2):
        await fails(store)
        await store.read(_look)
        clock.pass_(6 * SECOND)
        await store.read(_look)

    assert [type(fact) for fact in told()] == [DatabaseLost, DatabaseBack] * 2
