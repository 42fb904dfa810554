"""A PostgreSQL server that goes away, or is not the one that is looked for: said with its address and the cause."""

import asyncio
import os
import signal

import pytest
from sqlalchemy import Connection, text

from support.postgresql import Cluster, cluster
from tidings.errors import Unavailable
from tidings.store.postgresql import PostgresqlDatabase


async def test_a_server_that_dies_under_a_statement_is_named() -> None:
    sleeping: asyncio.Queue[int] = asyncio.Queue()

    def sleep(connection: Connection) -> None:
        sleeping.put_nowait(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
        connection.execute(text("SELECT pg_sleep(60)"))

    with cluster() as own:
        database = PostgresqlDatabase(own.url("postgres"))
        asked = asyncio.create_task(database.write(sleep))
        os.kill(await sleeping.get(), signal.SIGKILL)
        with pytest.raises(Unavailable) as lost:
            await asked
        await database.close()
        # A server that lost a process recovers from it, and answers nobody meanwhile.
        own.stop("immediate")

    assert f"{lost.value}".endswith(f"at 127.0.0.1:{own.port}: the connection was lost")


async def test_servers_of_which_none_is_asked_for_are_named(server: Cluster) -> None:
    database = PostgresqlDatabase(f"{server.url('postgres')}?target_session_attrs=read-only")
    with pytest.raises(Unavailable) as found:
        await database.read(lambda connection: connection.execute(text("SELECT 1")))
    await database.close()

    assert f"127.0.0.1:{server.port}: none of them is what target_session_attrs asks for" in f"{found.value}"
