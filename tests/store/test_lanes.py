"""Which lanes have something to do, and when."""

from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, func, select

from support.stepped_clock import START
from support.stored import a_delivery, add_delivery
from tidings.core.instants import SECOND, Instant
from tidings.core.model import State
from tidings.store import deliveries, leases, tables
from tidings.store.database import Database

NOW = START + 5 * SECOND
# Names that are each other's beginnings, and that differ by case: a skip scan must pass none of them over.
LANES = ("A", "AA", "AB", "B", "a", "aa", "z")
MOMENTS = st.integers(0, 9).map(lambda at: START + at * SECOND)


class Waiting(NamedTuple):
    lane: str
    state: State
    due_at: Instant
    give_up_at: Instant | None


ROWS = st.lists(
    st.builds(Waiting, st.sampled_from(LANES), st.sampled_from(State), MOMENTS, st.none() | MOMENTS), max_size=40
)


def grouped(connection: Connection) -> dict[str, Instant]:
    """Return every lane with something pending and when it is first due, by plain means."""
    table = tables.deliveries
    statement = (
        select(table.c.webhook_id, func.min(table.c.due_at))
        .where(table.c.state == State.PENDING)
        .group_by(table.c.webhook_id)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


def to_claim(rows: list[Waiting], now: Instant) -> dict[str, Instant]:
    """Return when the first row of each lane is due that may still be claimed."""
    first: dict[str, Instant] = {}
    for row in rows:
        if row.state is State.PENDING and (row.give_up_at is None or row.give_up_at >= now):
            first[row.lane] = min(row.due_at, first.get(row.lane, row.due_at))
    return first


async def test_the_skip_scan_finds_what_grouping_finds(database: Database) -> None:
    @settings(deadline=None, max_examples=100)
    @given(ROWS)
    def check(connection: Connection, rows: list[Waiting]) -> None:
        connection.execute(delete(tables.deliveries))
        made = [
            a_delivery(webhook_id=row.lane, state=row.state, due_at=row.due_at, give_up_at=row.give_up_at)
            for row in rows
        ]
        deliveries.insert(connection, made)
        found = [(lane.webhook_id, lane.due_at) for lane in leases.all_lanes(connection)]
        assert sorted(found) == sorted(grouped(connection).items())
        assert leases.next_due(connection, LANES, now=NOW) == to_claim(rows, NOW)

    def run(connection: Connection) -> None:
        check(connection)

    await database.write(run)


async def test_no_lane_has_anything_to_do_at_first(database: Database) -> None:
    assert await database.read(leases.all_lanes) == []
    assert await database.read(lambda connection: leases.next_due(connection, ["A"], now=NOW)) == {}
    assert await database.read(lambda connection: leases.next_due(connection, [], now=NOW)) == {}


async def test_the_next_due_of_a_lane_may_be_past_or_to_come(database: Database) -> None:
    def add(connection: Connection) -> None:
        for lane, due_at in (("A", NOW - SECOND), ("A", NOW), ("B", NOW + SECOND)):
            add_delivery(connection, webhook_id=lane, due_at=due_at)

    await database.write(add)
    found = await database.read(lambda connection: leases.next_due(connection, ["B", "A", "C"], now=NOW))
    assert found == {"A": NOW - SECOND, "B": NOW + SECOND}


async def test_a_lane_in_which_only_closed_windows_wait_has_no_next_due(database: Database) -> None:
    # Else a claim that can get nothing would be tried again at once, until the rescuer ends them.
    await database.write(lambda connection: add_delivery(connection, webhook_id="A", give_up_at=NOW - 1))
    assert await database.read(lambda connection: leases.next_due(connection, ["A"], now=NOW)) == {}
