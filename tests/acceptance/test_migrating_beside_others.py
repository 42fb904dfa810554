"""``tidings migrate`` beside sessions that hold what it changes: nobody is held up, and it says why it gave up."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from support.old_schema import make_old, revision_of
from support.postgresql import Cluster
from support.service import Installation
from tidings.store import schema

pytestmark = pytest.mark.asyncio(loop_scope="session")

BEFORE, STEP = "0014", "CREATE INDEX ix_deliveries_suspect ON deliveries"
# What whoever publishes and delivers asks of a table, and how long it may wait for that: far longer than it has to.
WRITING = "LOCK TABLE deliveries IN ROW EXCLUSIVE MODE"
READING = "SELECT count(*) FROM deliveries"
PATIENCE = "SET lock_timeout = '4s'"
# As long as an index takes on many millions of rows, and longer than a server that is well says nothing.
SLOW = """
CREATE FUNCTION dawdle() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(31); END';
CREATE EVENT TRIGGER dawdle ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION dawdle();
"""


@pytest.fixture
def old_url(durable_server: Cluster) -> Iterator[str]:
    with durable_server.database() as url:
        yield url


@asynccontextmanager
async def forgotten_session(url: str, work: str = WRITING) -> AsyncIterator[asyncpg.Connection]:
    """Leave a transaction open that has done this, and written if nothing else."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"BEGIN; {work}")
        yield connection
    finally:
        await connection.close()


async def write_on(url: str, until: asyncio.Task[object]) -> int:
    """Write as others do, again and again, until ``until`` is done; return how often. None may have to wait long."""
    connection = await asyncpg.connect(url)
    times = 0
    try:
        await connection.execute(PATIENCE)
        while not until.done():
            await connection.execute(f"BEGIN; {WRITING}; COMMIT")
            times += 1
            await asyncio.sleep(0.02)
    finally:
        await connection.close()
    return times


async def until_migrate(url: str, *, waits: bool) -> None:
    """Wait until the migration waits for the table, or until it has let go of its place in the queue."""
    connection = await asyncpg.connect(url)
    asked = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'deliveries'::regclass)"
    try:
        async with asyncio.timeout(30):
            while True:
                if await connection.fetchval(asked) is waits:
                    return
                await asyncio.sleep(0.01)
    finally:
        await connection.close()


async def test_a_table_that_stays_held_ends_it_in_one_line_while_others_go_on(
    tmp_path: Path, shared_database: dict[str, str], old_url: str
) -> None:
    installation = Installation(tmp_path, shared_database | {"TIDINGS_DATABASE_URL": old_url})
    await make_old(old_url, BEFORE)
    async with forgotten_session(old_url):
        migrating = asyncio.create_task(installation.run("migrate"))
        written = await write_on(old_url, migrating)
        gave_up = await migrating
    left = await revision_of(old_url)
    again = await installation.run("migrate")

    assert gave_up.status == 1
    assert "Traceback" not in gave_up.stderr
    said = gave_up.stderr.splitlines()[-1]
    assert said.startswith("tidings: schema 0015: another session holds a table that this step needs: ")
    assert STEP in said
    assert "run `tidings migrate` again" in said
    assert written > 0
    assert left == BEFORE
    assert again.status == 0, again.stderr
    assert await revision_of(old_url) == schema.head()


async def test_a_table_that_is_let_go_meanwhile_is_taken_at_the_next_try(
    tmp_path: Path, shared_database: dict[str, str], old_url: str
) -> None:
    installation = Installation(tmp_path, shared_database | {"TIDINGS_DATABASE_URL": old_url})
    await make_old(old_url, BEFORE)
    async with forgotten_session(old_url):
        migrating = asyncio.create_task(installation.run("migrate"))
        await until_migrate(old_url, waits=True)
        await until_migrate(old_url, waits=False)
    finished = await migrating

    assert finished.status == 0, finished.stderr
    assert f"try 1 of 10: {STEP}" in finished.stderr
    assert await revision_of(old_url) == schema.head()


async def test_a_step_that_takes_longer_than_other_statements_may_is_waited_for(
    tmp_path: Path, shared_database: dict[str, str], old_url: str, durable_server: Cluster
) -> None:
    installation = Installation(tmp_path, shared_database | {"TIDINGS_DATABASE_URL": old_url})
    await make_old(old_url, BEFORE)
    durable_server.control_sql(SLOW, database=old_url.rpartition("/")[2])
    finished = await installation.run("migrate", within=120)

    assert finished.status == 0, finished.stderr
    assert await revision_of(old_url) == schema.head()


async def test_who_reads_a_table_for_long_holds_up_no_index_and_no_upgrade(
    tmp_path: Path, shared_database: dict[str, str], old_url: str
) -> None:
    installation = Installation(tmp_path, shared_database | {"TIDINGS_DATABASE_URL": old_url})
    await make_old(old_url, BEFORE)
    async with forgotten_session(old_url, READING):
        migrated = await installation.run("migrate")

    assert migrated.status == 0, migrated.stderr
    assert await revision_of(old_url) == schema.head()
    # What needs the table for itself is left for later.
    assert "partitions ahead are left to `tidings serve`" in migrated.stderr
