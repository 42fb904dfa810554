"""Notes of failures, webhooks that keep failing, and what a success costs."""

import msgspec
from sqlalchemy import Connection, event

from support.ended_attempts import ended_attempt
from support.moves import TOKEN, ended
from support.stepped_clock import START
from support.stored import WEBHOOK, add_delivery, add_leased_delivery, add_partner, add_webhook
from tidings.core.delivery import Move
from tidings.core.instants import SECOND
from tidings.core.verdict import Delivered, Failed
from tidings.engine.recording import Ended, record_all
from tidings.store import conditions, deliveries, webhooks
from tidings.store.conditions import Failure
from tidings.store.database import Database
from tidings.store.transaction import Transaction

FAILURE = Failure(
    webhook_id=WEBHOOK, partner_id="acme", failing_since=START, last_failed_at=START, last_outcome="timeout"
)


def statements_of(connection: Connection, attempts: list[Ended]) -> list[str]:
    asked: list[str] = []

    def listen(*call: object) -> None:
        asked.append(str(call[2]))

    event.listen(connection, "before_cursor_execute", listen)
    try:
        record_all(Transaction(connection), attempts)
    finally:
        event.remove(connection, "before_cursor_execute", listen)
    return asked


async def test_a_success_costs_no_statement_more_and_only_failures_leave_a_note(database: Database) -> None:
    def record(connection: Connection) -> tuple[list[str], list[str], list[str]]:
        add_partner(connection)
        add_webhook(connection)
        silent, telling, failing = (add_leased_delivery(connection, TOKEN) for _ in range(3))
        return (
            statements_of(connection, [ended_attempt(silent, Delivered(), tells=False)]),
            statements_of(connection, [ended_attempt(telling, Delivered(), tells=True)]),
            [failing, *statements_of(connection, [ended_attempt(failing, Failed(), tells=True)])],
        )

    silent, telling, (failing, *noted) = await database.write(record)
    found = await database.read(lambda connection: conditions.untold(connection, most=10))
    assert silent == telling
    assert sum("untold_failures" in statement for statement in noted) == 1
    assert [(row.id, row.state, row.webhook_id) for row in found] == [(failing, "failed", WEBHOOK)]


async def test_a_note_goes_with_the_transaction_that_told_it_and_comes_to_nothing_without_a_failure(
    database: Database,
) -> None:
    def note(connection: Connection) -> list[str]:
        names = [add_delivery(connection), add_leased_delivery(connection, TOKEN)]
        deliveries.record(connection, Move.GAVE_UP, [ended(names[1], Move.GAVE_UP)])
        conditions.note_failures(connection, [*names, "dlv_gone"])
        return names

    waiting, failed = await database.write(note)
    found = await database.read(lambda connection: conditions.untold(connection, most=10))
    await database.write(lambda connection: conditions.forget_failures(connection, [waiting, failed, "dlv_gone"]))
    left = await database.read(lambda connection: conditions.untold(connection, most=10))
    assert {row.id: row.state for row in found} == {waiting: "pending", failed: "failed", "dlv_gone": None}
    assert left == []


async def test_a_webhook_goes_on_failing_from_its_first_failure(database: Database) -> None:
    later = Failure(
        webhook_id=WEBHOOK,
        partner_id="acme",
        failing_since=START + SECOND,
        last_failed_at=START + 9 * SECOND,
        last_outcome="http_status",
    )
    await database.write(lambda connection: conditions.begin_failing(connection, [FAILURE]))
    await database.write(lambda connection: conditions.go_on_failing(connection, [later]))
    await database.write(lambda connection: conditions.mark_told(connection, [WEBHOOK], now=START + 10 * SECOND))
    (row,) = await database.read(conditions.failing)
    assert (row.failing_since, row.last_failed_at, row.last_outcome) == (START, START + 9 * SECOND, "http_status")
    assert row.told_at == START + 10 * SECOND


async def test_webhooks_that_are_well_and_those_that_were_deleted_are_dropped(database: Database) -> None:
    one, two, three = (f"WH{letter * 6}-AAAAA-AAAAAA" for letter in "ABC")

    def prepare(connection: Connection) -> None:
        add_partner(connection)
        for name in (one, two, three):
            add_webhook(connection, name)
        rows = [msgspec.structs.replace(FAILURE, webhook_id=name) for name in (one, two, three)]
        conditions.begin_failing(connection, rows)
        webhooks.delete(connection, "acme", two, now=START)

    await database.write(prepare)
    await database.write(lambda connection: conditions.end_failing(connection, [three]))
    left = await database.read(conditions.failing)
    assert [row.webhook_id for row in left] == [one]


async def test_those_that_fail_among_a_few_are_the_ones_that_fail_of_all(database: Database) -> None:
    one, two, well, other = (f"WH{letter * 6}-AAAAA-AAAAAA" for letter in "ABCD")

    def prepare(connection: Connection) -> None:
        add_partner(connection)
        for name in (one, two, well, other):
            add_webhook(connection, name)
        since = {one: START + SECOND, two: START, other: START}
        rows = [msgspec.structs.replace(FAILURE, webhook_id=name, failing_since=at) for name, at in since.items()]
        conditions.begin_failing(connection, rows)

    await database.write(prepare)
    found = await database.read(lambda connection: conditions.failing_among(connection, [one, two, well]))
    of_all = await database.read(lambda connection: conditions.failing_longest(connection, limit=9))
    assert [row.webhook for row in found] == [two, one]
    assert found == [row for row in of_all if row.webhook != other]


async def test_the_backlog_is_told_and_told_no_more(database: Database) -> None:
    before = await database.read(conditions.backlog_told_at)
    await database.write(lambda connection: conditions.set_backlog_told(connection, START))
    told = await database.read(conditions.backlog_told_at)
    await database.write(lambda connection: conditions.set_backlog_told(connection, None))
    after = await database.read(conditions.backlog_told_at)
    assert (before, told, after) == (None, START, None)


async def test_what_expires_is_bounded_and_named(database: Database) -> None:
    def expire(connection: Connection) -> list[list[str]]:
        names = [add_delivery(connection, give_up_at=START - (9 - number) * SECOND) for number in range(5)]
        add_delivery(connection, give_up_at=START + SECOND)
        rounds = [deliveries.expire(connection, START, most=3) for _ in range(3)]
        assert {row.owner.partner for one in rounds for row in one} == {"acme"}
        return [names, *(sorted(row.id for row in one) for one in rounds)]

    names, first, second, third = await database.write(expire)
    assert (first, second, third) == (names[:3], names[3:], [])
