"""A look-up by id, or of what belongs to an event, touches the partitions of its time and no others.

Asked of PostgreSQL as the service asks it: a plan that is made once, and runs with one id after the other.
"""

import re
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from sqlalchemy import Connection, event

from support.database_fixtures import opened
from support.history_rows import Happened, happen
from support.moves import TOKEN
from support.postgresql import Cluster
from support.stepped_clock import START
from support.stored import WEBHOOK, add_partner, add_webhook
from tidings.core.delivery import Move
from tidings.core.ids import id_floor
from tidings.core.instants import SECOND, Instant
from tidings.core.model import State
from tidings.core.retention import Retention
from tidings.store import attempts, browsing, deliveries, events, leases, schema
from tidings.store.attempts import AttemptResult
from tidings.store.database import Database
from tidings.store.deliveries import EndedAttempt
from tidings.store.delivery_filter import DeliveryFilter
from tidings.store.partitions import PARTITIONED, make_ahead

DAY = 86_400 * SECOND
RETENTION = Retention(events=60 * DAY, deliveries=60 * DAY, attempts=60 * DAY)
A_DAY = 400
ALL = 6
"""How many partitions each table has here, the default one included."""
_PARTITION = re.compile(r"on (events|deliveries|attempts)_(?:to_\w+|default)\b.*")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def month_url(server: Cluster) -> AsyncIterator[str]:
    """Name a database with five partitions of each table, of some ten days each, and the default one."""

    def make(connection: Connection) -> None:
        schema.bring_up_to_date(connection)
        add_partner(connection)
        add_webhook(connection)
        for of in PARTITIONED:
            for day in range(0, 50, 10):
                make_ahead(connection, of, retention=RETENTION, now=START + day * DAY)
        for day in range(50):
            fill_day(connection, START + day * DAY)
        connection.exec_driver_sql("ANALYZE")

    with server.database() as url:
        made = opened(url)
        await made.write(make)
        await made.close()
        yield url


@pytest_asyncio.fixture
async def month(month_url: str) -> AsyncIterator[Database]:
    """Open that database."""
    made = opened(month_url)
    yield made
    await made.close()


def fill_day(connection: Connection, day: Instant) -> None:
    """Have so much happen on one day that a partition is worth an index."""
    moment, numbers = id_floor("", day)[:10], f"generate_series(1, {A_DAY}) AS n"
    tail = "lpad(n::text, 16, '0')"
    connection.exec_driver_sql(
        "INSERT INTO events (id, partner_id, event_type, payload, created_at)"
        f" SELECT 'evt_{moment}' || {tail}, 'acme', 'user.verified', '{{}}', {day} FROM {numbers}"
    )
    connection.exec_driver_sql(
        "INSERT INTO deliveries (id, event_id, event_type, webhook_id, partner_id, state, attempts, leases_lost,"
        f" created_at) SELECT 'dlv_{moment}' || {tail}, 'evt_{moment}' || {tail}, 'user.verified', '{WEBHOOK}',"
        f" 'acme', 'delivered', 1, 0, {day} FROM {numbers}"
    )
    connection.exec_driver_sql(
        "INSERT INTO attempts (delivery_id, number, started_at, outcome)"
        f" SELECT 'dlv_{moment}' || {tail}, 1, {day}, 'ok' FROM {numbers}"
    )


def touched(connection: Connection, work: Callable[[Connection], object]) -> dict[str, int]:
    """Return how many partitions of each table ``work`` reads, with plans that know no parameter."""
    asked: list[tuple[str, tuple[object, ...]]] = []

    def listen(*call: object) -> None:
        asked.append((str(call[2]), tuple(call[3] or ())))  # type: ignore[arg-type] # parameters by position

    event.listen(connection, "before_cursor_execute", listen)
    work(connection)
    event.remove(connection, "before_cursor_execute", listen)
    connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
    # What is small is read whole because that is cheap; asked for is what happens when it has grown.
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    found: dict[str, set[str]] = {}
    for number, (statement, parameters) in enumerate(asked):
        connection.exec_driver_sql(f"PREPARE asked{number} AS {statement}")
        given = f"({', '.join(map(_literal, parameters))})" if parameters else ""
        for row in connection.exec_driver_sql(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) EXECUTE asked{number}{given}"):
            match = _PARTITION.search(row[0])
            if match and "never executed" not in row[0] and "(actual" in row[0]:
                found.setdefault(match[1], set()).add(match[0].split()[1])
        connection.exec_driver_sql(f"DEALLOCATE asked{number}")
    return {table: len(names) for table, names in found.items()}


def _literal(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"


def result(name: str) -> AttemptResult:
    return AttemptResult(
        delivery_id=name, number=1, duration_ms=1, outcome="ok", http_status=200, signature=None, response_excerpt=None
    )


def ended(name: str) -> EndedAttempt:
    return EndedAttempt(id=name, lease_token=TOKEN, due_at=None, finished_at=START, last_outcome="ok", last_status=200)


LOOK_UPS: dict[str, tuple[Callable[[Connection, Happened], object], dict[str, int]]] = {
    "an event": (lambda one, it: events.get(one, it.event), {"events": 1}),
    "a delivery": (lambda one, it: browsing.get(one, it.delivery), {"deliveries": 1}),
    "a delivery's attempts": (lambda one, it: attempts.of_delivery(one, it.delivery), {"attempts": 1}),
    "the event of a key": (lambda one, it: events.known_keys(one, [("acme", it.event)]), {"events": 1}),
    # A day before and a day after: never more than two.
    "an event's first deliveries": (lambda one, it: events.first_deliveries(one, [it.event]), {"deliveries": 1}),
    "leasing": (
        lambda one, it: deliveries.claim(one, [(it.delivery, START, START)], token=TOKEN, until=START),
        {"deliveries": 1},
    ),
    "releasing": (lambda one, it: deliveries.release(one, [(it.delivery, TOKEN)]), {"deliveries": 1}),
    "recording": (
        lambda one, it: deliveries.record(one, Move.SUCCEEDED, [ended(it.delivery)]),
        {"deliveries": 1},
    ),
    "fencing": (lambda one, it: deliveries.fenced_out(one, [(it.delivery, TOKEN)]), {"deliveries": 1}),
    "ending attempts": (lambda one, it: attempts.end(one, [result(it.delivery)]), {"attempts": 1}),
    "taking attempts back": (lambda one, it: attempts.take_back(one, [(it.delivery, 1)]), {"attempts": 1}),
}


@pytest.mark.parametrize("title", LOOK_UPS)
async def test_a_look_up_by_id_touches_one_partition(month: Database, title: str) -> None:
    look_up, expected = LOOK_UPS[title]

    def ask(connection: Connection) -> dict[str, int]:
        it = happen(connection, START + 25 * DAY)
        return touched(connection, lambda one: look_up(one, it))

    found = await month.write(ask)
    assert found.items() >= expected.items()


async def test_a_claim_asks_each_partition_for_what_waits_and_one_for_each_event(month: Database) -> None:
    def ask(connection: Connection) -> dict[str, int]:
        happen(connection, START + 25 * DAY, state=State.PENDING)
        return touched(connection, lambda one: leases.due_deliveries(one, [WEBHOOK], most=8, now=START + 26 * DAY))

    assert await month.write(ask) == {"deliveries": ALL, "events": 1}


async def test_the_deliveries_of_an_event_are_not_looked_for_before_it_was_made(month: Database) -> None:
    def ask(connection: Connection) -> list[dict[str, int]]:
        it = happen(connection, START + 25 * DAY)
        filtered = DeliveryFilter(event=it.event)
        return [
            touched(connection, lambda one: browsing.of_event(one, it.event)),
            touched(connection, lambda one: browsing.page(one, filtered, before=None, limit=10)),
        ]

    # Of the first two partitions nothing is asked; a redelivery may lie in any later one.
    assert [one["deliveries"] for one in await month.write(ask)] == [ALL - 2, ALL - 2]
