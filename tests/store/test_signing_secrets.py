"""A webhook's old signing secret: there for its time, then wiped; never another's."""

from sqlalchemy import Connection, select

from support.stepped_clock import START
from support.stored import WEBHOOK, add_partner, add_webhook
from tidings.core.instants import SECOND
from tidings.store import webhooks
from tidings.store.database import Database
from tidings.store.tables import webhooks as table
from tidings.store.webhooks import SealedSecrets

BOTH = SealedSecrets(newest="new", old="old", old_ends_at=START + SECOND)


def set_up(connection: Connection) -> None:
    add_webhook(connection, partner=add_partner(connection))
    webhooks.set_secrets(connection, "acme", WEBHOOK, BOTH)


def kept(connection: Connection) -> list[str | None]:
    """Return all sealed text of all rows, deleted webhooks included."""
    rows = connection.execute(select(table.c.sealed_secret, table.c.old_sealed_secret))
    return [text for row in rows for text in row]


async def test_an_old_secret_stays_until_its_overlap_is_over(database: Database) -> None:
    await database.write(set_up)

    await database.write(lambda connection: webhooks.forget_old_secrets(connection, START + SECOND - 1))
    during = await database.read(lambda connection: webhooks.sealed_secrets(connection, "acme", WEBHOOK))
    await database.write(lambda connection: webhooks.forget_old_secrets(connection, START + SECOND))
    after = await database.read(lambda connection: webhooks.sealed_secrets(connection, "acme", WEBHOOK))

    assert during == BOTH
    assert after == SealedSecrets(newest="new")


async def test_a_deleted_webhook_keeps_neither_secret(database: Database) -> None:
    await database.write(set_up)

    await database.write(lambda connection: webhooks.delete(connection, "acme", WEBHOOK, now=START))

    assert await database.read(kept) == ["", None]


async def test_another_partner_sets_no_secret(database: Database) -> None:
    await database.write(set_up)

    await database.write(
        lambda connection: webhooks.set_secrets(connection, "other", WEBHOOK, SealedSecrets(newest="x"))
    )

    assert await database.read(kept) == ["new", "old"]


async def test_routing_and_claiming_bring_both_secrets(database: Database) -> None:
    await database.write(set_up)

    (row,) = await database.read(lambda connection: webhooks.subscribers(connection, ["acme"]))

    assert (row.sealed_secret, row.old_sealed_secret, row.old_secret_ends_at) == ("new", "old", START + SECOND)
