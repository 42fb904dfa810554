"""Bringing a database to the schema of this release while others work on it.

Owns the order of the steps and the patience with tables that others hold. What a step does is its migration's.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from tidings.errors import TableHeld
from tidings.store import schema
from tidings.store.database import Database

_TRIES = 10
# Longer than one try waits: those who queued up behind it come first.
_PAUSE_S = 1.0


async def bring_up_to_date(database: Database, *, tell: Callable[[str], None]) -> bool:
    """Run all migrations that are missing, each in a transaction; return whether there were any.

    ``tell`` hears each step. Raises ``TableHeld`` when a table is not to be had after all tries.
    """
    missing = await database.read(schema.pending)
    for revision in missing:
        tell(f"migrating to schema {revision}")
        await _patiently(database, revision, tell)
    return bool(missing)


async def _patiently(database: Database, revision: str, tell: Callable[[str], None]) -> None:
    for tried in range(1, _TRIES):
        try:
            return await database.write(partial(schema.upgrade_to, revision=revision))
        except TableHeld as error:
            tell(f"waiting for a table that another session holds, try {tried} of {_TRIES}: {error.step}")
            await asyncio.sleep(_PAUSE_S)
    return await database.write(partial(schema.upgrade_to, revision=revision))
