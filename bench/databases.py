"""The database that a bench runs on: a file, or a PostgreSQL server of the bench's own.

Owns their set-up, and the bench's few questions to them, asked beside the running service.
"""

import base64
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import asyncpg

from support.postgresql import cluster

SQLITE = "sqlite:///"
# What a server of two cores with its data in memory is usually given; each commit is flushed, as ever.
_SERVER = ("shared_buffers=1GB", "max_wal_size=8GB", "max_connections=50")
_OTHERS = ("pending", "in_flight", "failed", "cancelled")


class Kind(StrEnum):
    """Which database."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"

    @property
    def spelt(self) -> str:
        return "SQLite, full flush" if self is Kind.SQLITE else "PostgreSQL"


@contextmanager
def database(kind: Kind, folder: Path) -> Iterator[str]:
    """Yield the URL of a database that nobody has used."""
    if kind is Kind.SQLITE:
        yield f"{SQLITE}{folder / 'tidings.db'}"
    else:
        with cluster(*_SERVER) as server:
            yield server.create()


def settings_for(url: str) -> dict[str, str]:
    """Return the settings that name the database, and what only a database of a server needs."""
    if url.startswith(SQLITE):
        return {"TIDINGS_DATABASE_URL": url}
    key = base64.b64encode(secrets.token_bytes(32)).decode("ascii")
    return {"TIDINGS_DATABASE_URL": url, "TIDINGS_MASTER_KEY": key}


async def count_open(url: str) -> int:
    """Return how many deliveries have not ended."""
    counts = [await ask(url, f"SELECT count(*) FROM deliveries WHERE state = '{state}'") for state in _OTHERS[:2]]
    return sum(int(row[0][0]) for row in counts)


async def count_not_delivered(url: str) -> dict[str, int]:
    """Return how many deliveries are in any state but ``delivered``; each of these has an index of its own."""
    found = {}
    for state in _OTHERS:
        ((count,),) = await ask(url, f"SELECT count(*) FROM deliveries WHERE state = '{state}'")
        if count:
            found[state] = int(count)
    return found


async def ask(url: str, question: str) -> list[tuple[Any, ...]]:
    if url.startswith(SQLITE):
        with closing(sqlite3.connect(f"file:{url.removeprefix(SQLITE)}?mode=ro", uri=True)) as file:
            return list(file.execute(question).fetchall())
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(question)]
    finally:
        await connection.close()
