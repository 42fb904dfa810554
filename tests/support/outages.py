"""A database that is away for a while, of either kind: held by another program, or with its server stopped."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

from support.postgresql import Cluster


@contextmanager
def held_by_another_program(file: Path) -> Iterator[None]:
    """Hold the file's only write lock, as a stuck backup or a forgotten shell would."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@asynccontextmanager
async def locked(file: Path) -> AsyncIterator[None]:
    """Do as ``held_by_another_program`` does, where others wait for the same event loop."""
    with held_by_another_program(file):
        yield


@asynccontextmanager
async def stopped(server: Cluster, *settings: str) -> AsyncIterator[None]:
    """Stop a server, and start it again with ``settings``, whatever happens meanwhile."""
    await asyncio.to_thread(server.stop)
    try:
        yield
    finally:
        await asyncio.to_thread(server.start, *settings)
