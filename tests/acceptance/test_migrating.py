"""``tidings migrate``, as operators meet it: once at a time, told step by step, and refused by who does not know it."""

import base64
import json
from pathlib import Path

import pytest
from sqlalchemy import text

from support.database_fixtures import Copies, opened
from support.held_migration import held_migration, let_go
from support.service import Installation
from tidings.store import schema

KEY = base64.b64encode(bytes(32)).decode("ascii")


@pytest.fixture
def served_url(request: pytest.FixtureRequest, dialect: str) -> str:
    """Name a database with the current schema that is safe to serve."""
    if dialect == "sqlite":
        file: str = request.getfixturevalue("database_url")
        return file
    shared: dict[str, str] = request.getfixturevalue("shared_database")
    return shared["TIDINGS_DATABASE_URL"]


def on(url: str, folder: Path) -> Installation:
    return Installation(folder, {"TIDINGS_DATABASE_URL": url, "TIDINGS_MASTER_KEY": KEY})


async def test_a_second_migration_at_once_is_refused_and_the_first_one_finishes(
    tmp_path: Path, empty_copies: Copies, dialect: str
) -> None:
    with empty_copies() as url:
        installation = on(url, tmp_path)
        first = await held_migration(installation)
        second = await installation.run("migrate")
        assert await let_go(first) == 0
        third = await installation.run("migrate")

    assert second.status == 1
    assert "Traceback" not in second.stderr
    said = {"sqlite": "locked by another process", "postgresql": "another `tidings migrate` is running"}
    assert said[dialect] in second.stderr.splitlines()[-1]
    assert third.status == 0
    assert "current already" in third.stdout


async def test_each_step_is_told(tmp_path: Path, empty_copies: Copies) -> None:
    with empty_copies() as url:
        migrated = await on(url, tmp_path).run("migrate", "--json")

    assert migrated.status == 0
    assert json.loads(migrated.stdout) == {"changed": True}
    assert migrated.stderr.splitlines()[-1] == f"migrating to schema {schema.head()}"
    assert "migrating to schema 0001" in migrated.stderr


@pytest.mark.parametrize("command", ["serve", "check"])
async def test_a_schema_of_a_release_to_come_is_refused_in_one_line(
    tmp_path: Path, served_url: str, command: str
) -> None:
    database = opened(served_url)
    for statement in ("UPDATE alembic_version SET version_num = '9999'", "UPDATE schema_floor SET revision = '9999'"):
        await database.write(lambda connection, statement=statement: connection.execute(text(statement)) and None)  # type: ignore[misc]
    await database.close()

    refused = await on(served_url, tmp_path).run(command)

    assert refused.status == 1
    assert "has schema 9999, which this release does not know; run a newer release of Tidings" in refused.stderr
    assert "Traceback" not in refused.stderr
