"""SQLite: one file, one writer, readers beside it.

Owns the file's durability (WAL, full flush), its threads and its lock against a second service. All writing happens
on one thread of its own, a whole transaction at a time (docs/decisions/0003).
"""

import asyncio
import fcntl
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from tidings.errors import Misconfigured
from tidings.store.database import translate

Result = TypeVar("Result")
_READERS = 4
_BUSY_TIMEOUT_S = 3
_HEADER = b"SQLite format 3\x00"
_PRAGMAS = (
    "journal_mode = WAL",
    # FULL flushes at each commit: a 202 must survive power loss (guarantee G1).
    "synchronous = FULL",
    "foreign_keys = ON",
    "cache_size = -65536",
    "temp_store = MEMORY",
    "wal_autocheckpoint = 4000",
    "journal_size_limit = 67108864",
)


class SqliteDatabase:
    """A SQLite file, open. Raises ``Misconfigured`` when the path cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            _check_place(path)
        except OSError as error:
            raise Misconfigured(f"TIDINGS_DATABASE_URL: cannot use {path}: {error.strerror}") from error
        self._engine = _engine(path)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="tidings-writer")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="tidings-reader")
        self._lock: int | None = None

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        return await _on(self._readers, _transaction, self._engine, "BEGIN", work)

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        # A deferred transaction that reads and then writes fails at once beside another writer: take the lock first.
        return await _on(self._writer, _transaction, self._engine, "BEGIN IMMEDIATE", work)

    async def close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        self._engine.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def lock_for_service(self) -> None:
        """Make this process the file's only service until it ends. Raises ``Misconfigured`` when there is one."""
        path = self._path.with_name(self._path.name + ".lock")
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Misconfigured(f"TIDINGS_DATABASE_URL: cannot write {path}: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise Misconfigured(
                f"TIDINGS_DATABASE_URL: another `tidings serve` is running on {self._path}; "
                "SQLite serves one process, PostgreSQL many"
            ) from error
        self._lock = lock


async def _on(pool: ThreadPoolExecutor, call: Callable[..., Result], *args: object) -> Result:
    return await asyncio.get_running_loop().run_in_executor(pool, call, *args)


def _transaction(engine: Engine, begin: str, work: Callable[[Connection], Result]) -> Result:
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(begin)
            try:
                result = work(connection)
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                _roll_back(connection)
                raise
            return result
    except SQLAlchemyError as error:
        raise translate(error) from error


def _roll_back(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    # A full disk makes SQLite roll back by itself; then there is no transaction left to end.
    if driver.in_transaction:
        connection.exec_driver_sql("ROLLBACK")


def _engine(path: Path) -> Engine:
    engine = create_engine(
        # Not a text: a path may hold characters that mean something in a URL.
        URL.create("sqlite", database=str(path.absolute())),
        poolclass=QueuePool,
        pool_size=_READERS + 1,
        max_overflow=0,
        # SQLAlchemy must not open transactions of its own: BEGIN and COMMIT are ours.
        isolation_level="AUTOCOMMIT",
        connect_args={"timeout": _BUSY_TIMEOUT_S, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(driver: DBAPIConnection, _record: object) -> None:
    cursor = driver.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _check_place(path: Path) -> None:
    folder = path.parent
    if not folder.is_dir():
        raise Misconfigured(f"TIDINGS_DATABASE_URL: the folder {folder} does not exist; make it first")
    if path.is_dir():
        raise Misconfigured(f"TIDINGS_DATABASE_URL: {path} is a folder; name a file in it")
    for place in (folder, path) if path.exists() else (folder,):
        if not os.access(place, os.W_OK):
            raise Misconfigured(
                f"TIDINGS_DATABASE_URL: {place} is not writable for this user, or its file system is mounted read-only"
            )
    if path.exists() and path.stat().st_size > 0:
        with path.open("rb") as file:
            if file.read(len(_HEADER)) != _HEADER:
                raise Misconfigured(f"TIDINGS_DATABASE_URL: {path} is not a SQLite database; name another file")
