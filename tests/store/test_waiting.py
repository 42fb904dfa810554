"""What waits for some webhooks: counted up to a bound, and when the first of it is due."""

from sqlalchemy import Connection

from support.moves import TOKEN
from support.stepped_clock import START
from support.stored import add_delivery, add_leased_delivery
from tidings.core.instants import SECOND
from tidings.store import waiting
from tidings.store.database import Database
from tidings.store.waiting import MOST, Waiting

ONE, TWO, OTHER = (f"WH{letter * 6}-AAAAA-AAAAAA" for letter in "ABC")


async def what_waits(database: Database, *names: str) -> Waiting:
    return await database.read(lambda connection: waiting.of_webhooks(connection, names))


async def test_what_waits_for_them_is_counted_and_nothing_else(database: Database) -> None:
    def prepare(connection: Connection) -> None:
        add_delivery(connection, webhook_id=ONE, due_at=START + 9 * SECOND)
        add_delivery(connection, webhook_id=TWO, due_at=START + 7 * SECOND)
        add_delivery(connection, webhook_id=TWO, due_at=START + 5 * SECOND)
        add_delivery(connection, webhook_id=OTHER, due_at=START)
        add_leased_delivery(connection, TOKEN, webhook_id=ONE)

    await database.write(prepare)
    assert await what_waits(database, ONE) == Waiting(count=1, is_more=False, first_due_at=START + 9 * SECOND)
    assert await what_waits(database, ONE, TWO) == Waiting(count=3, is_more=False, first_due_at=START + 5 * SECOND)
    assert await what_waits(database) == Waiting(count=0, is_more=False, first_due_at=None)


async def test_of_very_much_only_that_it_is_more_is_told_and_the_first_of_all_is_found(database: Database) -> None:
    def prepare(connection: Connection) -> None:
        for _ in range(MOST):
            add_delivery(connection, webhook_id=ONE, due_at=START + SECOND)
        add_delivery(connection, webhook_id=TWO, due_at=START)

    await database.write(prepare)
    assert await what_waits(database, ONE) == Waiting(count=MOST, is_more=False, first_due_at=START + SECOND)
    assert await what_waits(database, ONE, TWO) == Waiting(count=MOST, is_more=True, first_due_at=START)
    await database.write(lambda connection: add_delivery(connection, webhook_id=ONE, due_at=START + SECOND))
    assert await what_waits(database, ONE, TWO) == Waiting(count=MOST, is_more=True, first_due_at=START)
