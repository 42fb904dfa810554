"""Where a SQLite file may be, and that one service alone uses it."""

import asyncio
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tidings.errors import Misconfigured
from tidings.store import schema
from tidings.store.sqlite import SqliteDatabase

# Opens a file as a user who may not do everything, and prints what we say to it.
OPEN_AS_ANYBODY = """
import os, sys
from pathlib import Path
from tidings.errors import Misconfigured
from tidings.store.sqlite import SqliteDatabase
if os.getuid() == 0:
    os.setuid(65534)
try:
    SqliteDatabase(Path(sys.argv[1]))
except Misconfigured as error:
    print(error)
"""
HOLD_THE_LOCK = """
import sys
from pathlib import Path
from tidings.store.sqlite import SqliteDatabase
SqliteDatabase(Path(sys.argv[1])).lock_for_service()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tidings.db"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may use; those of pytest are private."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder
        for place in (folder, *folder.iterdir()):
            place.chmod(0o777)


def opened_by_anybody(file: Path) -> str:
    command = [sys.executable, "-c", OPEN_AS_ANYBODY, str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


def test_a_folder_that_is_missing_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"the folder .*nowhere does not exist"):
        SqliteDatabase(tmp_path / "nowhere" / "tidings.db")


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="is a folder; name a file in it"):
        SqliteDatabase(tmp_path)


def test_a_file_in_the_place_of_the_folder_is_refused(file: Path) -> None:
    file.touch()
    with pytest.raises(Misconfigured, match="does not exist"):
        SqliteDatabase(file / "tidings.db")


@pytest.mark.parametrize("content", [b"just a text\n", b"SQLite format 2\x00", b"\x00" * 100, b"S"])
def test_a_file_that_is_no_database_is_refused_and_stays_as_it_is(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(Misconfigured, match="is not a SQLite database"):
        SqliteDatabase(file)
    assert file.read_bytes() == content


async def make_table(file: Path) -> None:
    database = SqliteDatabase(file)
    await database.write(lambda connection: connection.exec_driver_sql("CREATE TABLE t (n)"))
    await database.close()


def test_an_empty_file_becomes_a_database(file: Path) -> None:
    file.touch()
    asyncio.run(make_table(file))
    assert file.read_bytes().startswith(b"SQLite format 3\x00")


@pytest.mark.parametrize("name", ["a b.db", "a?mode=memory", "a#b.db", "100%41.db", "ünï.db", "x@y:z.db", "file:x"])
def test_any_name_is_the_name_of_the_file(tmp_path: Path, name: str) -> None:
    asyncio.run(make_table(tmp_path / name))
    assert [place.name for place in tmp_path.iterdir()] == [name]


def test_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot use"):
        SqliteDatabase(tmp_path / ("x" * 300))


def test_a_file_that_may_only_be_read_is_refused(open_folder: Path) -> None:
    file = open_folder / "tidings.db"
    file.touch(0o444)
    assert "tidings.db is not writable for this user" in opened_by_anybody(file)


def test_a_folder_that_may_only_be_read_is_refused(open_folder: Path) -> None:
    # SQLite keeps its log beside the file.
    file = open_folder / "tidings.db"
    file.touch(0o666)
    file.chmod(0o666)
    open_folder.chmod(0o555)
    assert f"{open_folder} is not writable for this user" in opened_by_anybody(file)


def test_a_file_that_may_not_be_read_is_refused(open_folder: Path) -> None:
    file = open_folder / "tidings.db"
    file.write_bytes(b"SQLite format 3\x00")
    file.chmod(0o222)
    assert "Permission denied" in opened_by_anybody(file)


def test_a_place_that_may_not_be_entered_is_refused(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(0o000)
    assert "Permission denied" in opened_by_anybody(closed / "inner" / "tidings.db")


async def test_a_second_service_on_the_file_is_refused(file: Path) -> None:
    first, second = SqliteDatabase(file), SqliteDatabase(file)
    first.lock_for_service()
    with pytest.raises(Misconfigured, match="another `tidings serve` is running"):
        second.lock_for_service()
    await first.close()
    second.lock_for_service()
    await second.close()


async def test_services_on_two_files_do_not_hinder_each_other(tmp_path: Path) -> None:
    databases = [SqliteDatabase(tmp_path / name) for name in ("one.db", "two.db")]
    for database in databases:
        database.lock_for_service()
    for database in databases:
        await database.close()


def test_a_service_that_was_killed_leaves_no_lock_behind(file: Path) -> None:
    command = [sys.executable, "-c", HOLD_THE_LOCK, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        ours = SqliteDatabase(file)
        with pytest.raises(Misconfigured, match="another `tidings serve` is running"):
            ours.lock_for_service()
        holder.kill()
    ours.lock_for_service()
    asyncio.run(ours.close())


async def test_administration_works_beside_a_service(file: Path) -> None:
    service, administration = SqliteDatabase(file), SqliteDatabase(file)
    service.lock_for_service()
    await administration.write(lambda connection: connection.exec_driver_sql("CREATE TABLE t (n)"))
    await service.write(lambda connection: connection.exec_driver_sql("INSERT INTO t VALUES (1)"))
    await administration.close()
    await service.close()


async def test_the_lock_is_the_owners_alone(file: Path) -> None:
    database = SqliteDatabase(file)
    database.lock_for_service()
    assert file.with_name("tidings.db.lock").stat().st_mode & 0o777 == 0o600
    await database.close()


def test_a_lock_that_cannot_be_written_is_refused_by_name(file: Path) -> None:
    file.with_name("tidings.db.lock").mkdir()
    with pytest.raises(Misconfigured, match=r"cannot write .*tidings\.db\.lock"):
        SqliteDatabase(file).lock_for_service()


async def test_another_programs_database_is_refused_and_stays_as_it_is(file: Path) -> None:
    with closing(sqlite3.connect(file)) as theirs:
        theirs.execute("CREATE TABLE notes (text)")
    opened = SqliteDatabase(file)
    try:
        with pytest.raises(Misconfigured, match="another program's database"):
            await opened.write(schema.bring_up_to_date)
    finally:
        await opened.close()
    with closing(sqlite3.connect(file)) as theirs:
        assert theirs.execute("SELECT name FROM sqlite_master").fetchall() == [("notes",)]
