"""A SQLite file that would not keep what it commits is refused, by what the file says of itself."""

import os
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine

from tidings.clock import Clock
from tidings.errors import Misconfigured
from tidings.store.safety import refuse_unsafe
from tidings.store.sqlite import SqliteDatabase


def refuse(file: Path, *pragmas: str) -> None:
    engine = create_engine(URL.create("sqlite", database=os.fspath(file)), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for pragma in pragmas:
                connection.exec_driver_sql(f"PRAGMA {pragma}")
            refuse_unsafe(connection, clock=Clock())
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    "pragmas",
    [
        ("journal_mode = DELETE", "synchronous = FULL"),
        ("journal_mode = TRUNCATE", "synchronous = FULL"),
        ("journal_mode = MEMORY", "synchronous = FULL"),
        ("journal_mode = WAL", "synchronous = NORMAL"),
        ("journal_mode = WAL", "synchronous = OFF"),
    ],
)
def test_anything_less_than_a_log_with_full_flush_is_refused(tmp_path: Path, pragmas: tuple[str, ...]) -> None:
    with pytest.raises(Misconfigured, match="write-ahead log with full flush"):
        refuse(tmp_path / "tidings.db", *pragmas)


@pytest.mark.parametrize("flush", ["FULL", "EXTRA"])
def test_a_log_with_full_flush_will_do(tmp_path: Path, flush: str) -> None:
    refuse(tmp_path / "tidings.db", "journal_mode = WAL", f"synchronous = {flush}")


async def test_the_service_opens_files_in_a_mode_that_will_do(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "tidings.db")
    await database.write(lambda connection: refuse_unsafe(connection, clock=Clock()))
    await database.read(lambda connection: refuse_unsafe(connection, clock=Clock()))
    await database.close()
