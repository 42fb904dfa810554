"""Who may work on what: due deliveries, lost leases, paused webhooks."""

import pytest
from sqlalchemy import Connection

from support.moves import TOKEN
from support.stepped_clock import START
from support.stored import (
    LEASE,
    PAYLOAD,
    URL,
    WINDOW,
    add_delivery,
    add_event,
    add_leased_delivery,
    add_partner,
    add_webhook,
)
from tidings.core.instants import SECOND, Instant
from tidings.core.model import State
from tidings.store import leases, partners, webhooks
from tidings.store.database import Database
from tidings.store.leases import DueDelivery

NOW = START + 100 * SECOND
ONE, TWO, THREE = (f"WH{letter * 6}-AAAAA-AAAAAA" for letter in "ABC")


@pytest.fixture
async def event(database: Database) -> str:
    """An event of a partner with three webhooks."""

    def add(connection: Connection) -> str:
        add_partner(connection)
        for webhook in (ONE, TWO, THREE):
            add_webhook(connection, webhook)
        return add_event(connection)

    return await database.write(add)


async def add_waiting(database: Database, event: str, webhook: str, *due: Instant) -> list[str]:
    def add(connection: Connection) -> list[str]:
        return [add_delivery(connection, event_id=event, webhook_id=webhook, due_at=at) for at in due]

    return await database.write(add)


async def due_of(database: Database, *lanes: str, most: int = 10, now: Instant = NOW) -> list[DueDelivery]:
    return await database.read(lambda connection: leases.due_deliveries(connection, lanes, most=most, now=now))


async def test_a_due_delivery_comes_with_all_that_its_attempt_needs(database: Database, event: str) -> None:
    (name,) = await add_waiting(database, event, ONE, START)
    assert await due_of(database, ONE) == [
        DueDelivery(
            id=name,
            partner_id="acme",
            event_id=event,
            event_type="user.verified",
            webhook_id=ONE,
            attempts=0,
            due_at=START,
            created_at=START,
            first_attempt_at=None,
            payload=PAYLOAD,
            url=URL,
            sealed_secret=f"sealed of {ONE}",
            old_sealed_secret=None,
            old_secret_ends_at=None,
        )
    ]


async def test_each_lane_gives_at_most_what_is_asked_however_much_waits_in_another(
    database: Database, event: str
) -> None:
    await add_waiting(database, event, ONE, *[START] * 50)
    await add_waiting(database, event, TWO, *[NOW] * 3)
    await add_waiting(database, event, THREE, NOW)
    found = await due_of(database, ONE, TWO, THREE, most=2)
    assert sorted(row.webhook_id for row in found) == [ONE, ONE, TWO, TWO, THREE]


async def test_a_lane_gives_what_is_due_longest(database: Database, event: str) -> None:
    names = await add_waiting(database, event, ONE, NOW - 1, NOW - 3, NOW - 2, NOW - 5)
    found = await due_of(database, ONE, most=2)
    assert {row.id for row in found} == {names[1], names[3]}


async def test_what_is_due_later_is_not_offered_before(database: Database, event: str) -> None:
    (name,) = await add_waiting(database, event, ONE, NOW)
    assert await due_of(database, ONE, now=NOW - 1) == []
    assert [row.id for row in await due_of(database, ONE, now=NOW)] == [name]


async def test_a_lane_that_was_not_asked_for_gives_nothing(database: Database, event: str) -> None:
    await add_waiting(database, event, ONE, START)
    assert await due_of(database, TWO) == []
    assert await due_of(database) == []


async def test_what_is_not_waiting_is_not_offered(database: Database, event: str) -> None:
    def add(connection: Connection) -> None:
        for state in set(State) - {State.PENDING}:
            add_delivery(connection, event_id=event, webhook_id=ONE, state=state)

    await database.write(add)
    assert await due_of(database, ONE) == []


async def test_a_delivery_whose_window_closed_is_not_offered(database: Database, event: str) -> None:
    def add(connection: Connection, give_up_at: Instant | None) -> str:
        return add_delivery(connection, event_id=event, webhook_id=ONE, give_up_at=give_up_at)

    _closed, last, never_tried = await database.write(
        lambda connection: [add(connection, at) for at in (NOW - 1, NOW, None)]
    )
    assert {row.id for row in await due_of(database, ONE)} == {last, never_tried}


async def test_those_whose_window_closed_take_no_place_from_the_others(database: Database, event: str) -> None:
    def add(connection: Connection) -> str:
        for _ in range(20):
            add_delivery(connection, event_id=event, webhook_id=ONE, due_at=START - 1, give_up_at=NOW - 1)
        return add_delivery(connection, event_id=event, webhook_id=ONE)

    name = await database.write(add)
    assert [row.id for row in await due_of(database, ONE, most=2)] == [name]


async def test_a_lease_is_lost_once_its_time_is_over(database: Database) -> None:
    def add(connection: Connection) -> list[str]:
        return [add_leased_delivery(connection, TOKEN, lease_until=until) for until in (NOW, NOW - 1, NOW + LEASE)]

    _just, over, _running = await database.write(add)
    (found,) = await database.read(lambda connection: leases.lost_leases(connection, now=NOW, most=10))
    assert (found.id, found.webhook_id, found.lease_token) == (over, ONE, TOKEN)
    assert (found.attempts, found.leases_lost, found.first_attempt_at) == (1, 0, START)


async def test_lost_leases_come_in_bounded_numbers_the_oldest_first(database: Database) -> None:
    def add(connection: Connection) -> list[str]:
        untils = [NOW - 1, NOW - 3, NOW - 2]
        return [add_leased_delivery(connection, TOKEN, lease_until=until) for until in untils]

    names = await database.write(add)
    found = await database.read(lambda connection: leases.lost_leases(connection, now=NOW, most=2))
    assert [row.id for row in found] == [names[1], names[2]]


@pytest.mark.parametrize("state", [state for state in State if state is not State.IN_FLIGHT])
async def test_only_what_is_in_flight_can_lose_its_lease(database: Database, state: State) -> None:
    await database.write(lambda connection: add_leased_delivery(connection, TOKEN, state=state))
    later = NOW + WINDOW
    assert await database.read(lambda connection: leases.lost_leases(connection, now=later, most=10)) == []


async def paused(database: Database, *names: str) -> set[str]:
    return await database.read(lambda connection: leases.paused_webhooks(connection, names))


async def test_an_enabled_webhook_of_an_enabled_partner_is_not_paused(database: Database, event: str) -> None:
    assert event
    assert await paused(database, ONE, TWO, "WHunknown") == set()


async def test_disabled_and_deleted_webhooks_are_paused(database: Database) -> None:
    def add(connection: Connection) -> None:
        add_partner(connection)
        add_webhook(connection, ONE, enabled=False)
        add_webhook(connection, TWO)
        add_webhook(connection, THREE)
        webhooks.delete(connection, "acme", TWO, now=NOW)

    await database.write(add)
    assert await paused(database, ONE, TWO, THREE) == {ONE, TWO}
    assert await paused(database, THREE, TWO) == {TWO}
    assert await paused(database) == set()


async def test_all_webhooks_of_a_disabled_partner_are_paused(database: Database, event: str) -> None:
    assert event
    await database.write(lambda connection: partners.set_disabled_at(connection, "acme", NOW))
    assert await paused(database, ONE, TWO) == {ONE, TWO}
    await database.write(lambda connection: partners.set_disabled_at(connection, "acme", None))
    assert await paused(database, ONE, TWO) == set()
