"""What a scrape asks of the database: one statement, by indexes, and it notices when the tallies are wrong."""

from sqlalchemy import Connection, delete, update

from support.history import fill
from support.moves import TOKEN
from support.query_plans import plan_of
from support.stepped_clock import START
from support.stored import LEASE, add_delivery, add_leased_delivery, add_partner, add_webhook
from tidings.core.delivery import SUSPECT_AFTER, Move
from tidings.core.instants import SECOND
from tidings.core.model import State
from tidings.store import processes, standing, tallies
from tidings.store.database import Database
from tidings.store.tables import deliveries
from tidings.telemetry.standing import Standing

INDEXES = ("ix_deliveries_due", "ix_deliveries_leased", "ix_deliveries_suspect")
ONE, TWO = (f"WH{letter * 6}-AAAAA-AAAAAA" for letter in "AB")


def some(connection: Connection) -> None:
    """Make three pending deliveries in two lanes and one in flight, and tally them."""
    add_partner(connection)
    for webhook in (ONE, TWO):
        add_webhook(connection, webhook)
    add_delivery(connection, webhook_id=ONE, due_at=START + 9 * SECOND)
    add_delivery(connection, webhook_id=TWO, due_at=START + 5 * SECOND)
    add_delivery(connection, webhook_id=TWO, due_at=START + 7 * SECOND)
    add_leased_delivery(connection, TOKEN, webhook_id=ONE)
    tallies.add(connection, {Move.QUEUED: 3, Move.HANDED_OVER: 2, Move.SUCCEEDED: 1}, shard=5)
    tallies.add(connection, {Move.QUEUED: 1, Move.WITHDRAWN: 1}, shard=6)


async def stand(database: Database) -> Standing:
    return await database.read(lambda connection: standing.read(connection, now=START))


async def test_an_empty_database_stands_at_nothing(database: Database) -> None:
    found = await stand(database)
    assert (found.fan_out, found.unaccounted, found.lanes, found.processes) == (0, 0, 0, 0)
    assert (found.oldest_due_at, found.oldest_lease_until) == (None, None)


async def test_a_scrape_sees_states_lanes_and_ages(database: Database) -> None:
    await database.write(some)
    await database.write(lambda connection: processes.beat(connection, "one", now=START))
    await database.write(lambda connection: processes.beat(connection, "dead", now=START - 60 * SECOND))
    found = await stand(database)
    assert found.tallied == {
        State.PENDING: 3,
        State.IN_FLIGHT: 1,
        State.DELIVERED: 1,
        State.FAILED: 0,
        State.CANCELLED: 1,
    }
    assert (found.fan_out, found.unaccounted, found.lanes, found.processes) == (6, 0, 2, 1)
    assert (found.oldest_due_at, found.oldest_lease_until) == (START + 5 * SECOND, START + LEASE)


async def test_a_row_that_was_not_tallied_is_noticed(database: Database) -> None:
    await database.write(some)
    await database.write(lambda connection: connection.execute(delete(deliveries).where(deliveries.c.due_at > START)))
    lost = await stand(database)
    await database.write(lambda connection: [add_delivery(connection, webhook_id=ONE) for _ in range(5)])
    added = await stand(database)
    assert (lost.unaccounted, added.unaccounted) == (3, -2)


def suspects(connection: Connection, count: int, *, outcome: str = "lease_lost", **wanted: object) -> None:
    names = [
        add_delivery(connection, webhook_id=ONE, **({"leases_lost": SUSPECT_AFTER} | wanted)) for _ in range(count)
    ]
    connection.execute(update(deliveries).where(deliveries.c.id.in_(names)).values(last_outcome=outcome))


async def test_suspects_are_counted_while_they_wait_and_no_more_than_a_scrape_may_cost(database: Database) -> None:
    def others(connection: Connection) -> None:
        suspects(connection, 1, leases_lost=SUSPECT_AFTER - 1)
        suspects(connection, 1, outcome="timeout")
        suspects(connection, 1, state=State.IN_FLIGHT, lease_token=TOKEN, lease_until=START + LEASE)

    await database.write(some)
    await database.write(others)
    none = await stand(database)
    await database.write(lambda connection: suspects(connection, 1))
    await database.write(lambda connection: suspects(connection, 1, due_at=START + 60 * SECOND))
    two = await stand(database)
    await database.write(lambda connection: suspects(connection, standing.MOST_SUSPECTS))
    many = await stand(database)
    assert (none.suspects, two.suspects, many.suspects) == (0, 2, standing.MOST_SUSPECTS)


async def test_more_than_can_be_counted_at_each_scrape_is_left_to_the_tallies(database: Database) -> None:
    def many(connection: Connection) -> None:
        for _ in range(standing.MOST_PENDING + 1):
            add_delivery(connection, webhook_id=ONE)

    await database.write(many)
    found = await stand(database)
    assert State.PENDING not in found.found
    assert (found.lanes, found.unaccounted) == (1, 0)


async def test_no_part_of_it_reads_a_table_from_end_to_end(database: Database) -> None:
    await database.write(fill)
    plan = await plan_of(database, lambda connection: standing.read(connection, now=START))
    steps = [step for step in plan if "deliveries" in step or "waiting" in step]
    assert steps
    # Each partial index holds only what waits or is in flight; the rows that are counted come from it, in its order.
    served = [index for step in steps for index in INDEXES if f"USING INDEX {index}" in step]
    assert len(served) == len(steps)
    assert set(served) == set(INDEXES)
