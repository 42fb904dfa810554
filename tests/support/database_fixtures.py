"""Databases for tests: every test that asks for one runs twice, on SQLite and on PostgreSQL, with one of its own.

Owns the copies. On both, the schema is made once by the migrations, and each test gets a copy of what they made.
"""

import asyncio
import base64
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
import pytest_asyncio

from support.postgresql import Cluster, cluster
from support.stepped_clock import SteppedClock
from tidings.store import schema
from tidings.store.database import Database
from tidings.store.postgresql import PostgresqlDatabase
from tidings.store.sqlite import SqliteDatabase

DIALECTS = ("sqlite", "postgresql")
QUICK = ("fsync=off", "full_page_writes=off", "max_connections=200")
"""What these tests ask is not what survives a power cut: no flush makes each of them quick."""

AnyDatabase: TypeAlias = SqliteDatabase | PostgresqlDatabase
Copies: TypeAlias = Callable[[], AbstractContextManager[str]]
"""Makes a database of its own with the current schema, gives its URL and drops it afterwards."""


def opened(url: str) -> AnyDatabase:
    """Return the database that a URL names, as the service opens it."""
    scheme, _, path = url.partition(":///")
    return SqliteDatabase(Path(path)) if scheme == "sqlite" else PostgresqlDatabase(url)


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture(scope="session")
def server() -> Iterator[Cluster]:
    """Run one PostgreSQL for all tests that need no other."""
    with cluster(*QUICK) as running:
        yield running


@pytest.fixture(scope="session")
def durable_server() -> Iterator[Cluster]:
    """Run a PostgreSQL that keeps what it commits, as the service wants it."""
    with cluster() as running:
        yield running


@pytest.fixture(scope="session")
def _durable_template(durable_server: Cluster) -> str:
    template = durable_server.create()
    _migrate(template)
    return template


@pytest.fixture
def shared_database(durable_server: Cluster, _durable_template: str) -> Iterator[dict[str, str]]:
    """Make a database with the current schema for several processes; give the settings by which they find it."""
    with durable_server.database(template=_durable_template) as url:
        yield {"TIDINGS_DATABASE_URL": url, "TIDINGS_MASTER_KEY": base64.b64encode(bytes(range(32))).decode()}


@pytest.fixture(scope="session", params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    """Name the kind of database that a test runs on."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def empty_copies(request: pytest.FixtureRequest, dialect: str, tmp_path_factory: pytest.TempPathFactory) -> Copies:
    """Make databases without a schema."""
    if dialect == "sqlite":
        return lambda: _file(tmp_path_factory.mktemp("empty") / "empty.db", like=None)
    server: Cluster = request.getfixturevalue("server")
    return server.database


@pytest.fixture(scope="session")
def copies(request: pytest.FixtureRequest, dialect: str, tmp_path_factory: pytest.TempPathFactory) -> Copies:
    """Make databases with the current schema, all alike."""
    if dialect == "sqlite":
        file = tmp_path_factory.mktemp("template") / "template.db"
        _migrate(f"sqlite:///{file}")
        return lambda: _file(tmp_path_factory.mktemp("copy") / "tidings.db", like=file)
    server: Cluster = request.getfixturevalue("server")
    template = server.create()
    _migrate(template)
    return lambda: server.database(template=template)


@pytest_asyncio.fixture
async def empty_database(empty_copies: Copies) -> AsyncIterator[Database]:
    """Open a database without a schema."""
    async with _open_copy(empty_copies) as database:
        yield database


@pytest.fixture
def database_url(copies: Copies) -> Iterator[str]:
    """Name a database with the current schema that nobody has opened."""
    with copies() as url:
        yield url


@pytest_asyncio.fixture
async def database(copies: Copies) -> AsyncIterator[Database]:
    """Open a database with the current schema."""
    async with _open_copy(copies) as database:
        yield database


@asynccontextmanager
async def _open_copy(copies: Copies) -> AsyncIterator[Database]:
    with copies() as url:
        database = opened(url)
        try:
            yield database
        finally:
            await database.close()


@contextmanager
def _file(place: Path, *, like: Path | None) -> Iterator[str]:
    if like is not None:
        shutil.copy(like, place)
    yield f"sqlite:///{place}"


def _migrate(url: str) -> None:
    async def run() -> None:
        database = opened(url)
        await database.write(schema.bring_up_to_date)
        await database.close()

    asyncio.run(run())
