"""Databases as releases before this one left them."""

from sqlalchemy import Connection

from support.database_fixtures import opened
from tidings.store import schema


def up_to(connection: Connection, revision: str) -> None:
    """Run the migrations up to ``revision``."""
    for missing in schema.pending(connection):
        if missing <= revision:
            schema.upgrade_to(connection, missing)


async def make_old(url: str, revision: str) -> None:
    """Give an empty database the schema ``revision``."""
    database = opened(url)
    await database.write(lambda connection: up_to(connection, revision))
    await database.close()


async def revision_of(url: str) -> str | None:
    """Return the schema that a database has."""
    database = opened(url)
    found = await database.read(schema.current)
    await database.close()
    return found
