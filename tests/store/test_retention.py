"""What is older than is kept goes, in small steps; what is alive, or referred to, stays."""

import pytest
from sqlalchemy import Connection, insert, select

from support.history_rows import counted, deliver_again, happen, left
from support.stepped_clock import START
from support.stored import WEBHOOK, add_partner, add_webhook
from tidings.core.audit import AuditAction, Entry
from tidings.core.ids import ID_ENTROPY, audit_id, redelivery_id
from tidings.core.instants import SECOND, Instant
from tidings.core.model import State
from tidings.core.retention import Retention
from tidings.store import audit, events, tables, webhooks
from tidings.store.audit import AuditFilter
from tidings.store.bookkeeping import redeliveries
from tidings.store.database import Database
from tidings.store.retention import SWEEPS, Sweep
from tidings.store.webhooks import TestCall

DAY = 86_400 * SECOND
LONG_AGO = START - 100 * DAY
LATELY = START - DAY
RETENTION = Retention(events=50 * DAY, deliveries=40 * DAY, attempts=30 * DAY, audit=60 * DAY)
MANY = 1000


def sweep_all(connection: Connection, *, most: int = MANY, now: Instant = START) -> dict[str, int]:
    """Sweep every table to its end; return how many steps each took."""
    return {sweep.table: steps_of(connection, sweep, now - sweep.kept(RETENTION), most) for sweep in SWEEPS}


def steps_of(connection: Connection, sweep: Sweep, cutoff: Instant, most: int) -> int:
    after: str | None = ""
    steps = 0
    while after is not None:
        after = sweep.step(connection, cutoff, after, most).after
        steps += 1
    return steps


async def test_what_is_old_goes_and_what_is_not_stays(database: Database) -> None:
    await database.write(lambda connection: happen(connection, LONG_AGO))
    young = await database.write(lambda connection: happen(connection, LATELY))
    await database.write(sweep_all)
    assert await database.read(left) == {
        "events": {young.event},
        "idempotency_keys": {young.event},
        "deliveries": {young.delivery},
        "attempts": {young.delivery},
    }


@pytest.mark.parametrize(
    ("age", "stays"),
    [
        (29, {"events", "idempotency_keys", "deliveries", "attempts"}),
        (31, {"events", "idempotency_keys", "deliveries"}),
        (41, {"events", "idempotency_keys"}),
        (51, set[str]()),
    ],
)
async def test_each_kind_is_kept_for_its_own_time(database: Database, age: int, stays: set[str]) -> None:
    await database.write(lambda connection: happen(connection, START - age * DAY))
    await database.write(sweep_all)
    assert {table for table, names in (await database.read(left)).items() if names} == stays


@pytest.mark.parametrize("state", [State.PENDING, State.IN_FLIGHT])
async def test_what_is_alive_stays_with_all_that_its_attempt_needs(database: Database, state: State) -> None:
    alive = await database.write(lambda connection: happen(connection, LONG_AGO, state=state))
    await database.write(sweep_all)
    found = await database.read(left)
    assert found["deliveries"] == {alive.delivery}
    assert found["attempts"] == {alive.delivery}
    assert found["events"] == {alive.event}


async def test_an_event_that_was_delivered_again_goes_with_its_last_delivery(database: Database) -> None:
    old = await database.write(lambda connection: happen(connection, LONG_AGO))
    again = await database.write(lambda connection: deliver_again(connection, old.event, LATELY))
    await database.write(sweep_all)
    found = await database.read(left)
    assert found["events"] == {old.event}
    assert found["deliveries"] == {again}
    await database.write(lambda connection: sweep_all(connection, now=LATELY + 60 * DAY))
    assert not any((await database.read(counted)).values())


async def test_a_step_looks_at_no_more_rows_than_it_may(database: Database) -> None:
    def fill(connection: Connection) -> None:
        for number in range(10):
            happen(connection, LONG_AGO + number * SECOND, state=State.PENDING if number < 4 else State.DELIVERED)

    await database.write(fill)
    (sweep,) = (one for one in SWEEPS if one.table == "deliveries")
    first = await database.write(lambda connection: sweep.step(connection, START, "", 3))
    assert first.count == 0
    assert first.after is not None
    second = await database.write(lambda connection: sweep.step(connection, START, str(first.after), 3))
    assert second.count == 2
    assert (await database.read(counted))["deliveries"] == 8


async def test_a_sweep_passes_by_what_is_held_and_comes_to_an_end(database: Database) -> None:
    def fill(connection: Connection) -> None:
        for number in range(10):
            happen(connection, LONG_AGO + number * SECOND, state=State.PENDING if number % 2 else State.DELIVERED)

    await database.write(fill)
    steps = await database.write(lambda connection: sweep_all(connection, most=3))
    assert steps["deliveries"] == 4
    assert (await database.read(counted))["deliveries"] == 5


async def test_a_key_stands_for_its_event_until_the_key_itself_is_gone(database: Database) -> None:
    old = await database.write(lambda connection: happen(connection, LONG_AGO))
    asked = [("acme", old.event)]
    for sweep in SWEEPS:
        if sweep.table != "idempotency_keys":
            await database.write(
                lambda connection, sweep=sweep: steps_of(connection, sweep, START - 50 * DAY, MANY)  # type: ignore[misc]
            )
    assert [key.event_id for key in await database.read(lambda one: events.known_keys(one, asked))] == [old.event]
    await database.write(sweep_all)
    assert await database.read(lambda connection: events.known_keys(connection, asked)) == []


async def test_test_calls_are_kept_as_long_as_attempts(database: Database) -> None:
    def add(connection: Connection) -> None:
        add_partner(connection)
        add_webhook(connection)
        for name, age in (("old", 31), ("young", 29)):
            webhooks.begin_test(
                connection, TestCall(id=name, webhook_id=WEBHOOK, started_at=START - age * DAY, outcome="ok")
            )

    await database.write(add)
    await database.write(sweep_all)
    assert await database.read(lambda one: one.execute(select(tables.webhook_tests.c.id)).scalars().all()) == ["young"]


async def test_sweeping_again_changes_nothing(database: Database) -> None:
    await database.write(lambda connection: happen(connection, LONG_AGO))
    await database.write(lambda connection: happen(connection, LATELY))
    await database.write(sweep_all)
    before = await database.read(left)
    assert set((await database.write(sweep_all)).values()) == {1}
    assert await database.read(left) == before


async def test_the_audit_trail_is_kept_for_its_own_time_and_goes_in_steps(database: Database) -> None:
    def entry(number: int, age: int) -> Entry:
        moment = START - age * DAY + number
        return Entry(
            id=audit_id(moment, number.to_bytes(ID_ENTROPY)),
            created_at=moment,
            actor="token:billing",
            address=None,
            action=AuditAction.TOKEN_CREATE,
            partner=None,
            subject="billing",
            details={},
        )

    old, young = [entry(number, age=61) for number in range(5)], [entry(number, age=59) for number in range(5)]
    await database.write(lambda connection: audit.insert(connection, [*old, *young]))

    steps = await database.write(lambda connection: sweep_all(connection, most=2))

    assert steps["audit_entries"] == 3
    left = await database.read(lambda connection: audit.page(connection, AuditFilter(), before=None, limit=20))
    assert left.rows == young[::-1]


async def test_a_finished_job_of_redeliveries_goes_and_a_running_one_stays(database: Database) -> None:
    def add(connection: Connection) -> None:
        for name, finished_at in (("a", LONG_AGO), ("b", None)):
            row = {
                "id": redelivery_id(LONG_AGO, name.encode() * 8),
                "of_state": "failed",
                "rate": 1,
                "state": "running" if finished_at is None else "done",
                "made": 0,
                "left_out": 0,
                "refused": 0,
                "created_at": LONG_AGO,
                "due_at": LONG_AGO,
                "finished_at": finished_at,
                "up_to": "",
                "cursor": "",
            }
            connection.execute(insert(redeliveries).values(row))

    await database.write(add)
    await database.write(sweep_all)
    left_over = await database.read(lambda one: one.execute(select(redeliveries.c.finished_at)).scalars().all())
    assert left_over == [None]
