"""From one release to the next without stopping: what was there stays, and the release before goes on working."""

import pytest
from sqlalchemy import Connection, select, text

from support import first_release
from support.history_rows import left
from support.old_schema import up_to
from tidings.core.instants import SECOND
from tidings.core.retention import Retention
from tidings.store import attempts, browsing, events, partitions, schema, tables
from tidings.store.database import Database

NOW = 1_800_000_000 * SECOND
MANY = 50


def fill(connection: Connection) -> list[tuple[str, str]]:
    first_release.register(connection)
    return [first_release.deliver(connection, number) for number in range(1, MANY)]


async def test_everything_of_the_first_release_is_there_after_all_migrations(empty_database: Database) -> None:
    await empty_database.write(lambda connection: up_to(connection, "0001"))
    made = await empty_database.write(fill)
    await empty_database.write(schema.bring_up_to_date)
    found = await empty_database.read(left)
    assert found["events"] == found["idempotency_keys"] == {event for event, _ in made}
    assert found["deliveries"] == found["attempts"] == {delivery for _, delivery in made}
    event, delivery = made[7]
    old = await empty_database.read(lambda connection: browsing.get(connection, delivery))
    assert old is not None
    assert (old.event, old.state, old.attempts) == (event, "delivered", 1)
    assert (await empty_database.read(lambda one: attempts.of_delivery(one, delivery)))[0].outcome == "ok"
    assert [one.id for one in await empty_database.read(lambda one: browsing.of_event(one, event))] == [delivery]
    asked = [("old", event)]
    assert [key.event_id for key in await empty_database.read(lambda one: events.known_keys(one, asked))] == [event]


async def test_the_first_release_goes_on_working_on_the_newest_schema(empty_database: Database) -> None:
    await empty_database.write(lambda connection: up_to(connection, "0001"))
    before = await empty_database.write(fill)
    await empty_database.write(schema.bring_up_to_date)
    after = await empty_database.write(lambda connection: first_release.deliver(connection, MANY))
    shown = await empty_database.read(first_release.delivered)
    assert shown == [delivery for _, delivery in reversed([*before, after])]
    # And so it is told: a schema says which release is the oldest that it still works with.
    floor = await empty_database.read(lambda one: one.execute(select(tables.schema_floor.c.revision)).scalar())
    assert floor == "0001"


@pytest.mark.parametrize("revision", ["0001", schema.head()])
async def test_what_that_release_does_is_what_it_did(empty_database: Database, revision: str) -> None:
    # The copy of its statements is right if they work on its own schema.
    await empty_database.write(lambda connection: up_to(connection, revision))
    made = await empty_database.write(fill)
    assert await empty_database.read(first_release.delivered) == [delivery for _, delivery in reversed(made)]


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
async def test_a_table_with_rows_becomes_the_first_partition_and_nothing_is_copied(empty_database: Database) -> None:
    def places(connection: Connection) -> set[str]:
        return set(connection.execute(text("SELECT DISTINCT tableoid::regclass::text FROM deliveries")).scalars())

    def node(connection: Connection, table: str) -> int:
        return int(connection.execute(text(f"SELECT pg_relation_filenode('{table}')")).scalar_one())

    await empty_database.write(lambda connection: up_to(connection, "0001"))
    await empty_database.write(fill)
    before = await empty_database.read(lambda connection: node(connection, "deliveries"))
    await empty_database.write(schema.bring_up_to_date)
    (place,) = await empty_database.read(places)
    assert place.startswith("deliveries_to_")
    assert await empty_database.read(lambda connection: node(connection, place)) == before
    for of in partitions.PARTITIONED:
        await empty_database.write(
            lambda connection, of=of: partitions.make_ahead(connection, of, retention=Retention(), now=NOW)  # type: ignore[misc]
        )
        outlived = await empty_database.read(
            lambda connection, of=of: partitions.outlived(connection, of, retention=Retention(), now=NOW)  # type: ignore[misc]
        )
        assert [one.end < 1000 * SECOND for one in outlived] in ([True], [])


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
async def test_a_fresh_database_keeps_no_empty_table_of_the_first_release(empty_database: Database) -> None:
    await empty_database.write(schema.bring_up_to_date)
    there = text("SELECT count(*) FROM pg_class WHERE relname LIKE '%\\_before' OR relname LIKE '%\\_to\\_%'")
    assert await empty_database.read(lambda connection: connection.execute(there).scalar()) == 0
