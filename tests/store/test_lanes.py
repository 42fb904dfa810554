"""Which lanes have something to do, and when."""

from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from sqlalchemy import Connection, delete, insert

from support.stepped_clock import START
from support.stored import a_delivery, add_delivery
from tidings.core.delivery import SUSPECT_AFTER
from tidings.core.instants import SECOND, Instant
from tidings.core.model import State
from tidings.store import due_lanes, leases, tables
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
    leases_lost: int
    last_outcome: str | None

    @property
    def is_suspect(self) -> bool:
        return self.leases_lost >= SUSPECT_AFTER and self.last_outcome == "lease_lost"

    @property
    def is_open(self) -> bool:
        return self.give_up_at is None or self.give_up_at >= NOW


_COLUMNS = ("state", "due_at", "give_up_at", "leases_lost")
OUTCOMES = st.sampled_from([None, "lease_lost", "timeout"])
ROWS = st.lists(
    st.builds(
        Waiting,
        st.sampled_from(LANES),
        st.sampled_from(State),
        MOMENTS,
        st.none() | MOMENTS,
        st.integers(0, 4),
        OUTCOMES,
    ),
    max_size=40,
)


def first_due(rows: list[Waiting]) -> dict[str, Instant]:
    """Return every lane of ``rows`` and when it is first due, by plain means."""
    first: dict[str, Instant] = {}
    for row in rows:
        if row.state is State.PENDING:
            first[row.lane] = min(row.due_at, first.get(row.lane, row.due_at))
    return first


def as_row(one: Waiting) -> dict[str, Any]:
    made = a_delivery(webhook_id=one.lane, **{name: getattr(one, name) for name in _COLUMNS})
    return structs.asdict(made) | {"last_outcome": one.last_outcome}


async def test_the_skip_scan_finds_what_plain_means_find(database: Database) -> None:
    @settings(deadline=None, max_examples=100)
    @given(ROWS)
    def check(connection: Connection, rows: list[Waiting]) -> None:
        connection.execute(delete(tables.deliveries))
        if rows:
            connection.execute(insert(tables.deliveries), [as_row(one) for one in rows])
        every = {row.webhook_id: row.due_at for row in connection.execute(due_lanes.every_lane())}
        assert every == first_due(rows)
        unsuspected = [row for row in rows if not row.is_suspect]
        found = [(lane.webhook_id, lane.due_at) for lane in due_lanes.all_lanes(connection)]
        assert sorted(found) == sorted(first_due(unsuspected).items())
        to_claim = [row for row in unsuspected if row.is_open]
        assert due_lanes.next_due(connection, LANES, now=NOW) == first_due(to_claim)
        suspects = [row for row in rows if row.is_suspect and row.is_open and row.state is State.PENDING]
        due = first_due([row for row in suspects if row.due_at <= NOW])
        firsts = [one.webhook_id for one in leases.due_suspects(connection, now=NOW, most=100)]
        assert sorted(firsts) == sorted(due)
        assert [due[lane] for lane in firsts] == sorted(due.values())

    def run(connection: Connection) -> None:
        check(connection)

    await database.write(run)


async def test_no_lane_has_anything_to_do_at_first(database: Database) -> None:
    assert await database.read(due_lanes.all_lanes) == []
    assert await database.read(lambda connection: due_lanes.next_due(connection, ["A"], now=NOW)) == {}
    assert await database.read(lambda connection: due_lanes.next_due(connection, [], now=NOW)) == {}


async def test_the_next_due_of_a_lane_may_be_past_or_to_come(database: Database) -> None:
    def add(connection: Connection) -> None:
        for lane, due_at in (("A", NOW - SECOND), ("A", NOW), ("B", NOW + SECOND)):
            add_delivery(connection, webhook_id=lane, due_at=due_at)

    await database.write(add)
    found = await database.read(lambda connection: due_lanes.next_due(connection, ["B", "A", "C"], now=NOW))
    assert found == {"A": NOW - SECOND, "B": NOW + SECOND}


async def test_a_lane_in_which_only_closed_windows_wait_has_no_next_due(database: Database) -> None:
    # Else a claim that can get nothing would be tried again at once, until the rescuer ends them.
    await database.write(lambda connection: add_delivery(connection, webhook_id="A", give_up_at=NOW - 1))
    assert await database.read(lambda connection: due_lanes.next_due(connection, ["A"], now=NOW)) == {}
