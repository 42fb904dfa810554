"""The schema: made by migrations, equal to the tables, refused when it is another's."""

import re
from collections.abc import Mapping

import pytest
from sqlalchemy import Connection, delete, insert, inspect, text
from sqlalchemy.exc import ProgrammingError

from support.stored import add_partner
from tidings.errors import Misconfigured, Unavailable
from tidings.store import partners, schema
from tidings.store.database import Database
from tidings.store.tables import metadata, schema_floor

NEWER = "9999"


def shape(connection: Connection) -> dict[str, list[str]]:
    """Return everything that makes up the schema, as the database itself tells it, apart from Alembic's own table."""
    inspector = inspect(connection)
    return {
        table: sorted(
            [
                *map(words, inspector.get_columns(table)),
                *map(words, inspector.get_indexes(table)),
                *map(words, inspector.get_foreign_keys(table)),
                *map(words, inspector.get_unique_constraints(table)),
                words(inspector.get_pk_constraint(table)),
                *as_written(connection, table),
            ]
        )
        for table in inspector.get_table_names()
        if table != "alembic_version" and table not in partitions(connection)
    }


def partitions(connection: Connection) -> set[str]:
    """Return the tables that are parts of others: they come and go."""
    if connection.dialect.name == "sqlite":
        return set()
    return set(connection.exec_driver_sql("SELECT inhrelid::regclass::text FROM pg_inherits").scalars())


def words(found: object) -> str:
    """Spell what was reflected so that equal things are equal texts."""
    if isinstance(found, Mapping):
        return str(sorted((name, words(value)) for name, value in found.items()))
    return str([words(one) for one in found]) if isinstance(found, list | tuple) else str(found)


def as_written(connection: Connection, table: str) -> list[str]:
    """Return what reflection leaves out: SQLite remembers a table as statements, PostgreSQL by what it is divided."""
    if connection.dialect.name != "sqlite":
        return [words(connection.exec_driver_sql(f"SELECT pg_get_partkeydef('{table}'::regclass)").scalar())]
    rows = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL", (table,))
    return [in_any_order(" ".join(row[0].split())) for row in rows]


def in_any_order(statement: str) -> str:
    """Sort what stands between commas: a column that a migration adds stands behind the constraints."""
    opening, _, rest = statement.partition("(")
    inside, _, closing = rest.rpartition(")")
    return f"{opening}({sorted(piece.strip() for piece in re.split(_OUTER_COMMA, inside))}){closing}"


_OUTER_COMMA = re.compile(r",(?![^(]*\))")


async def test_all_migrations_together_make_the_tables_of_this_release(
    database: Database, empty_database: Database
) -> None:
    await empty_database.write(metadata.create_all)
    assert await database.read(shape) == await empty_database.read(shape)


async def test_a_fresh_database_has_no_schema_and_gets_the_newest(empty_database: Database) -> None:
    assert await empty_database.read(schema.current) is None
    assert await empty_database.write(schema.bring_up_to_date)
    assert await empty_database.read(schema.current) == schema.head()


async def test_bringing_up_to_date_again_changes_nothing(database: Database) -> None:
    await database.write(add_partner)
    before = await database.read(shape)
    assert not await database.write(schema.bring_up_to_date)
    assert await database.read(shape) == before
    assert len(await database.read(partners.every)) == 1


async def test_a_current_schema_is_not_refused(database: Database) -> None:
    await database.read(schema.refuse_other)


async def test_a_database_without_a_schema_is_refused_with_the_command_that_helps(empty_database: Database) -> None:
    with pytest.raises(Misconfigured, match="tidings migrate"):
        await empty_database.read(schema.refuse_other)


def stamp(connection: Connection, *, floor: str | None) -> None:
    """Make the schema one of a release to come, which still works with releases from ``floor`` on."""
    connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": NEWER})
    connection.execute(delete(schema_floor))
    if floor is not None:
        connection.execute(insert(schema_floor).values(revision=floor))


async def test_a_newer_schema_that_still_works_with_this_release_is_left_alone(database: Database) -> None:
    await database.write(lambda connection: stamp(connection, floor=schema.head()))
    before = await database.read(shape)
    await database.read(schema.refuse_other)
    assert not await database.write(schema.bring_up_to_date)
    assert await database.read(shape) == before
    assert await database.read(schema.current) == NEWER


@pytest.mark.parametrize("floor", [NEWER, None])
async def test_a_newer_schema_that_works_with_this_release_no_more_is_refused(
    database: Database, floor: str | None
) -> None:
    await database.write(lambda connection: stamp(connection, floor=floor))
    before = await database.read(shape)
    with pytest.raises(Misconfigured, match=f"schema {NEWER}, which this release does not know"):
        await database.read(schema.refuse_other)
    with pytest.raises(Misconfigured, match="run a newer release of Tidings"):
        await database.write(schema.bring_up_to_date)
    assert await database.read(shape) == before


async def test_a_newer_schema_that_says_nothing_of_older_releases_is_refused(database: Database) -> None:
    await database.write(lambda connection: stamp(connection, floor=None))
    await database.write(schema_floor.drop)
    with pytest.raises(Misconfigured, match="does not know"):
        await database.read(schema.refuse_other)


async def test_a_migration_that_fails_leaves_nothing_behind(empty_database: Database) -> None:
    def stand_in_the_way(connection: Connection) -> None:
        # Its name is one that the migrations make, after they have made others.
        connection.exec_driver_sql("CREATE VIEW webhook_tests AS SELECT 1 AS id")

    await empty_database.write(stand_in_the_way)
    before = await empty_database.read(shape)
    with pytest.raises((Unavailable, ProgrammingError), match=r"webhook_tests|cannot be used"):
        await empty_database.write(schema.bring_up_to_date)
    assert await empty_database.read(shape) == before
    assert await empty_database.read(schema.current) is None
