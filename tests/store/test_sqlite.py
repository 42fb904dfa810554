"""The SQLite file: durable commits, one writer, readers beside it, foreign errors translated."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import Connection

from support.stepped_clock import SteppedClock
from tidings.errors import Unavailable
from tidings.store import partners
from tidings.store.group_commit import GroupCommit, each
from tidings.store.sqlite import SqliteDatabase

CONNECTIONS = 5
PATIENCE_S = 10


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "plain.db"


@pytest_asyncio.fixture
async def plain(file: Path) -> AsyncIterator[SqliteDatabase]:
    """A database with one table of numbers."""
    opened = SqliteDatabase(file)
    await opened.write(lambda connection: connection.exec_driver_sql("CREATE TABLE numbers (n INTEGER)"))
    yield opened
    await opened.close()


def add(connection: Connection) -> None:
    connection.exec_driver_sql("INSERT INTO numbers VALUES (1)")


def count(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT count(*) FROM numbers").scalar_one())


async def pragma(database: SqliteDatabase, words: str) -> None:
    """Set something on the one connection that is open so far."""
    await database.write(lambda connection: connection.exec_driver_sql(f"PRAGMA {words}"))


async def test_every_connection_keeps_a_log_and_flushes_at_each_commit(plain: SqliteDatabase) -> None:
    everybody = threading.Barrier(CONNECTIONS)

    def look(connection: Connection) -> tuple[int, tuple[object, ...]]:
        # Nobody leaves before all are there, so each holds a connection of its own.
        everybody.wait(PATIENCE_S)
        asked = ("journal_mode", "synchronous", "foreign_keys")
        found = tuple(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in asked)
        return id(connection.connection.driver_connection), found

    seen = await asyncio.gather(plain.write(look), *(plain.read(look) for _ in range(CONNECTIONS - 1)))
    full = 2
    assert len({connection for connection, _found in seen}) == CONNECTIONS
    assert {found for _connection, found in seen} == {("wal", full, 1)}


async def test_what_is_committed_is_there_for_whoever_opens_the_file(plain: SqliteDatabase, file: Path) -> None:
    await plain.write(add)
    with sqlite3.connect(file) as other:
        assert other.execute("SELECT count(*) FROM numbers").fetchone() == (1,)
    other.close()


async def test_a_work_that_raises_is_rolled_back_and_its_error_comes_out_as_it_is(plain: SqliteDatabase) -> None:
    def add_and_fail(connection: Connection) -> None:
        add(connection)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await plain.write(add_and_fail)
    assert await plain.read(count) == 0


async def test_a_reader_sees_one_snapshot_however_much_is_written_meanwhile(plain: SqliteDatabase) -> None:
    looked, written = threading.Event(), threading.Event()

    def look_twice(connection: Connection) -> tuple[int, int]:
        before = count(connection)
        looked.set()
        assert written.wait(PATIENCE_S)
        return before, count(connection)

    reading = asyncio.create_task(plain.read(look_twice))
    assert await asyncio.to_thread(looked.wait, PATIENCE_S)
    await plain.write(add)
    written.set()
    assert await reading == (0, 0)
    assert await plain.read(count) == 1


async def test_writers_come_one_after_the_other(plain: SqliteDatabase) -> None:
    def read_then_write(connection: Connection) -> int:
        found = count(connection)
        add(connection)
        return found

    assert await asyncio.gather(*(plain.write(read_then_write) for _ in range(20))) == list(range(20))


async def test_a_file_locked_by_another_process_is_unavailable_until_it_is_let_go(
    plain: SqliteDatabase, file: Path
) -> None:
    await pragma(plain, "busy_timeout = 20")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="locked"):
        await plain.write(add)
    assert await plain.read(count) == 0
    other.execute("ROLLBACK")
    other.close()
    await plain.write(add)
    assert await plain.read(count) == 1


async def test_a_locked_file_is_unavailable_to_every_member_of_a_group(
    plain: SqliteDatabase, file: Path, clock: SteppedClock
) -> None:
    commits = GroupCommit(plain, clock=clock, emit=lambda _fact: None)
    await pragma(plain, "busy_timeout = 20")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    add_each = each(lambda transaction, _item: add(transaction.connection))
    found = await asyncio.gather(*(commits.run(add_each, item) for item in range(10)), return_exceptions=True)
    other.close()
    assert {type(one) for one in found} == {Unavailable}
    assert await plain.read(count) == 0


async def test_a_full_disk_is_unavailable_and_loses_nothing_that_was_committed(plain: SqliteDatabase) -> None:
    await plain.write(add)
    await pragma(plain, "max_page_count = 3")
    text = "x" * 100_000
    with pytest.raises(Unavailable, match="no space left"):
        await plain.write(lambda connection: connection.exec_driver_sql("INSERT INTO numbers VALUES (?)", (text,)))
    assert await plain.read(count) == 1
    await pragma(plain, "max_page_count = 1000000")
    await plain.write(add)
    assert await plain.read(count) == 2


async def test_a_file_that_became_read_only_is_unavailable_for_writing_alone(plain: SqliteDatabase) -> None:
    await pragma(plain, "query_only = ON")
    with pytest.raises(Unavailable, match="read-only"):
        await plain.write(add)
    assert await plain.read(count) == 0


async def test_a_database_without_a_schema_says_what_to_do(plain: SqliteDatabase) -> None:
    with pytest.raises(Unavailable, match="tidings migrate"):
        await plain.read(partners.every)


async def test_a_damaged_file_is_unavailable_and_not_a_crash(tmp_path: Path) -> None:
    file = tmp_path / "damaged.db"
    file.write_bytes(b"SQLite format 3\x00" + b"\xff" * 8000)
    damaged = SqliteDatabase(file)
    with pytest.raises(Unavailable):
        await damaged.read(count)
    await damaged.close()
