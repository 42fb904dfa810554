"""Databases for tests of the store: real SQLite files, one for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from support.stepped_clock import SteppedClock
from tidings.store import schema
from tidings.store.database import Database
from tidings.store.sqlite import SqliteDatabase

DIALECTS = ("sqlite",)


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture(params=DIALECTS)
def template(request: pytest.FixtureRequest) -> str:
    """Name the kind of database that a test runs on."""
    name: str = request.param
    return name


@pytest_asyncio.fixture
async def empty_database(tmp_path: Path, template: str) -> AsyncIterator[Database]:
    """Open a database without a schema."""
    assert template == "sqlite"
    opened = SqliteDatabase(tmp_path / "empty.db")
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def database(tmp_path: Path, template: str) -> AsyncIterator[Database]:
    """Open a database with the current schema."""
    assert template == "sqlite"
    opened = SqliteDatabase(tmp_path / "tidings.db")
    await opened.write(schema.bring_up_to_date)
    yield opened
    await opened.close()
