"""Ways with PostgreSQL: no transaction is opened for a look, each write is whole, a statement is planned once.

And none is compiled, which takes longer than what is asked here.
"""

import asyncio

import pytest
from sqlalchemy import Connection, text

from support.database_fixtures import opened
from support.postgresql import Cluster
from support.stepped_clock import START
from support.stored import WEBHOOK, add_delivery, add_partner
from tidings.store import leases, partners, schema
from tidings.store.database import Database

BEGAN = text("SELECT transaction_timestamp()")
PLANS = text("SELECT statement, generic_plans, custom_plans FROM pg_prepared_statements")
ASKED = 12
WAITING = 200


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


async def test_a_statement_is_planned_once_however_often_it_is_asked_and_however_much_waits(server: Cluster) -> None:
    def wait_in_one_lane(connection: Connection) -> None:
        for _ in range(WAITING):
            add_delivery(connection)

    def claim(connection: Connection) -> None:
        leases.due_deliveries(connection, [WEBHOOK], most=8, now=START)

    with server.database() as url:
        database: Database = opened(url)
        await database.write(schema.bring_up_to_date)
        await database.write(wait_in_one_lane)
        for _ in range(ASKED):
            await database.write(claim)
        plans = await database.write(lambda connection: connection.execute(PLANS).all())
        await database.close()

    claims = [(row.generic_plans, row.custom_plans) for row in plans if "LATERAL" in row.statement]
    assert claims == [(ASKED, 0)]


async def test_no_statement_is_compiled_however_dear_it_is_held_to_be(server: Cluster) -> None:
    def ask(connection: Connection) -> str:
        connection.execute(text("SET LOCAL jit_above_cost = 0"))
        return str(connection.execute(text("EXPLAIN (ANALYZE, FORMAT JSON) SELECT count(*) FROM pg_am")).scalar_one())

    with server.database() as url:
        database: Database = opened(url)
        told = await database.write(ask)
        await database.close()

    assert "Aggregate" in told
    assert "JIT" not in told
