"""The pruner: neither size nor speed decays, and nobody has to wait for it."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import Connection, text

from support.history_rows import counted, happen, left
from support.stepped_clock import START, SteppedClock
from tidings.actions.context import Context, Limits, NoEngine
from tidings.clock import Clock
from tidings.core.callback_url import EgressRules
from tidings.core.instants import SECOND
from tidings.core.model import State
from tidings.core.retention import Retention
from tidings.core.secret import Secret
from tidings.engine import pruning
from tidings.engine.pruning import Pruner
from tidings.sender.resolver import Resolver
from tidings.sender.sender import Sender
from tidings.store.database import Database
from tidings.store.group_commit import GroupCommit
from tidings.store.postgresql import PostgresqlDatabase
from tidings.store.store import Store
from tidings.store.vault import Vault
from tidings.telemetry.facts import Fact
from tidings.telemetry.pruning_facts import PartitionDropped, PruningPutOff, RowsPruned

DAY = 86_400 * SECOND
RETENTION = Retention(events=10 * DAY, deliveries=10 * DAY, attempts=10 * DAY)
ON_POSTGRESQL = pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)


class Room:
    """A pruner with all that it works on. Its rests last no time, and are counted."""

    def __init__(self, ctx: Context, clock: SteppedClock, facts: list[Fact]) -> None:
        self.clock = clock
        self.facts = facts
        self.rests: list[float] = []
        self.stops_after: int | None = None
        self.pruner = Pruner(ctx, rest=self._rest, stopping=self._is_stopping)
        self.store = ctx.store

    async def _rest(self, seconds: float) -> None:
        self.rests.append(seconds)
        await asyncio.sleep(0)

    def _is_stopping(self) -> bool:
        return self.stops_after is not None and len(self.rests) >= self.stops_after


@pytest_asyncio.fixture
async def room(database: Database) -> AsyncIterator[Room]:
    clock, facts = SteppedClock(), list[Fact]()
    commits = GroupCommit(database, clock=clock, emit=facts.append)
    rules = EgressRules(ports=frozenset(), allow=())
    sender = Sender(rules=rules, resolver=Resolver(servers=(), clock=clock), roots_pem=None, clients=1, clock=clock)
    ctx = Context(
        store=Store(
            database=database,
            commits=commits,
            clock=clock,
            emit=facts.append,
            vault=Vault([Secret(bytes(32))], entropy=os.urandom),
        ),
        clock=clock,
        entropy=os.urandom,
        emit=facts.append,
        sender=sender,
        rules=rules,
        limits=Limits(retention=RETENTION),
        engine=NoEngine(),
    )
    yield Room(ctx, clock, facts)
    await sender.close()


async def test_however_long_it_runs_no_more_is_kept_than_retention_says(room: Room, database: Database) -> None:
    def a_day(connection: Connection) -> None:
        for _ in range(20):
            happen(connection, room.clock.now())

    sizes = []
    for _ in range(60):
        await database.write(a_day)
        await room.pruner.run()
        sizes.append(sum((await database.read(counted)).values()))
        room.clock.pass_(DAY)
    day = 20 * (1 + 1 + 1 + 2)
    # A partition holds a sixth of what is kept, and goes only when all of it is old.
    assert max(sizes) <= 13 * day
    assert max(sizes[40:]) <= max(sizes[:40])
    if isinstance(database, PostgresqlDatabase):
        assert await database.read(partitions_there) <= 3 * 10


def partitions_there(connection: Connection) -> int:
    return int(
        connection.execute(
            text("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname LIKE '%\\_to\\_%'")
        ).scalar_one()
    )


async def test_what_is_alive_survives_every_round(room: Room, database: Database) -> None:
    alive = await database.write(lambda connection: happen(connection, START, state=State.PENDING))
    for _ in range(40):
        await room.pruner.run()
        room.clock.pass_(DAY)
    found = await database.read(left)
    assert found["deliveries"] == found["attempts"] == {alive.delivery}
    assert found["events"] == {alive.event}


async def test_rows_go_in_steps_with_rests_between(
    room: Room, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "MOST_AT_ONCE", 10)
    await database.write(lambda connection: [happen(connection, START) for _ in range(35)] and None)
    room.clock.pass_(30 * DAY)
    await room.pruner.run()
    gone = [fact for fact in room.facts if isinstance(fact, RowsPruned)]
    assert ("idempotency_keys", 35) in [(fact.table, fact.count) for fact in gone]
    # Four steps of ten for the keys alone, and a rest after each but the last.
    assert len(room.rests) >= 3 + 1
    assert not any((await database.read(counted)).values()) or isinstance(database, PostgresqlDatabase)


async def test_a_service_that_stops_leaves_the_rest_for_later(
    room: Room, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "MOST_AT_ONCE", 10)
    await database.write(lambda connection: [happen(connection, START) for _ in range(35)] and None)
    room.clock.pass_(30 * DAY)
    room.stops_after = 2
    await room.pruner.run()
    assert 0 < (await database.read(counted))["idempotency_keys"] <= 35
    room.stops_after = None
    await room.pruner.run()
    assert (await database.read(counted))["idempotency_keys"] == 0


@ON_POSTGRESQL
async def test_partitions_are_dropped_whole(room: Room, database: Database) -> None:
    await room.pruner.run()
    await database.write(lambda connection: happen(connection, START))
    room.clock.pass_(30 * DAY)
    await room.pruner.run()
    dropped = [fact.name.partition("_to_")[0] for fact in room.facts if isinstance(fact, PartitionDropped)]
    assert dropped == ["attempts", "deliveries", "events"]
    assert not any((await database.read(counted)).values())


@ON_POSTGRESQL
async def test_a_table_in_use_puts_pruning_off_and_no_more(room: Room, database: Database) -> None:
    assert isinstance(database, PostgresqlDatabase)
    await room.pruner.run()
    room.clock.pass_(30 * DAY)
    async with database._engine.begin() as reader:
        await reader.execute(text("SELECT count(*) FROM attempts"))
        await room.pruner.run()
    assert [fact for fact in room.facts if isinstance(fact, PruningPutOff)]
    before = len([fact for fact in room.facts if isinstance(fact, PartitionDropped)])
    await room.pruner.run()
    assert len([fact for fact in room.facts if isinstance(fact, PartitionDropped)]) > before == 0


async def test_a_clock_that_is_set_far_ahead_while_the_service_runs_costs_no_history(
    room: Room, database: Database
) -> None:
    await room.pruner.run()
    young = await database.write(lambda connection: happen(connection, START))
    room.clock.start += 300 * DAY
    for _ in range(3):
        await room.pruner.run()
    assert (await database.read(left))["events"] == (await database.read(left))["idempotency_keys"] == {young.event}


@ON_POSTGRESQL
async def test_a_machine_whose_clock_is_ahead_of_the_databases_prunes_by_the_databases(
    room: Room, database: Database
) -> None:
    today = Clock().now()
    young = await database.write(lambda connection: happen(connection, today))
    room.clock.start = today + 300 * DAY
    await room.pruner.run()
    assert (await database.read(left))["idempotency_keys"] == {young.event}
