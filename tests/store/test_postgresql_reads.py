"""Looking at PostgreSQL: no transaction is opened for it, and the connection writes in transactions afterwards."""

import asyncio

import pytest
from sqlalchemy import Connection, text

from support.database_fixtures import opened
from support.postgresql import Cluster
from support.stored import add_partner
from tidings.store import partners, schema
from tidings.store.database import Database

BEGAN = text("SELECT transaction_timestamp()")


def began_twice(connection: Connection) -> set[object]:
    return {connection.execute(BEGAN).scalar_one() for _ in range(2)}


def add_and_fail(connection: Connection) -> None:
    add_partner(connection, "acme")
    raise ZeroDivisionError


async def test_each_look_is_by_itself_and_each_write_is_whole(server: Cluster) -> None:
    with server.database() as url:
        database: Database = opened(url)
        await database.write(schema.bring_up_to_date)
        looks = await asyncio.gather(*(database.read(began_twice) for _ in range(8)))
        # The same connections, one after the other.
        writes = [await database.write(began_twice) for _ in range(8)]
        for _ in range(8):
            with pytest.raises(ZeroDivisionError):
                await database.write(add_and_fail)
        left = await database.read(partners.every)
        await database.close()

    assert [len(look) for look in looks] == [2] * 8
    assert [len(write) for write in writes] == [1] * 8
    assert left == []
