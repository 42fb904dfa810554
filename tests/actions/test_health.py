"""Whether this process is able to work."""

import pytest

from support.installation import Installation
from tidings.actions.health import check_ready
from tidings.errors import Unavailable
from tidings.store.database import Database


async def test_a_current_database_is_ready(at: Installation) -> None:
    await check_ready(at.ctx)


@pytest.mark.parametrize("statement", ["DELETE FROM alembic_version", "DROP TABLE alembic_version"])
async def test_a_schema_that_is_not_current_is_not_ready_and_says_what_helps(
    at: Installation, database: Database, statement: str
) -> None:
    await database.write(lambda connection: connection.exec_driver_sql(statement))
    with pytest.raises(Unavailable, match="tidings migrate"):
        await check_ready(at.ctx)
