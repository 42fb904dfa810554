"""The third ledger: what the database itself says, read beside the service and without it.

Owns the harness's questions to the tables, the same for SQLite and PostgreSQL. Refuses to write.
"""

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg

Rows: TypeAlias = Sequence[Sequence[Any]]

SQLITE = "sqlite:///"

DELIVERIES = (
    "SELECT e.id, e.payload, e.unrouted, d.id, d.state, d.attempts, d.leases_lost, d.first_attempt_at, d.finished_at"
    " FROM events e LEFT JOIN deliveries d ON d.event_id = e.id"
)
ATTEMPTS = "SELECT delivery_id, number, started_at, duration_ms, outcome, signature FROM attempts"
STATES = "SELECT state, count(*) FROM deliveries GROUP BY state"
TALLIES = "SELECT sum(pending), sum(in_flight), sum(delivered), sum(failed), sum(cancelled) FROM tallies"
TALLIED = ("pending", "in_flight", "delivered", "failed", "cancelled")
_OPEN = "SELECT count(*) FROM deliveries WHERE state IN ('pending', 'in_flight')"
_IN_FLIGHT = "SELECT id FROM deliveries WHERE state = 'in_flight'"


def rows(url: str, question: str) -> Rows:
    """Ask; raises whatever the driver raises."""
    if url.startswith(SQLITE):
        return _sqlite_rows(Path(url.removeprefix(SQLITE)), question)
    return asyncio.run(_postgresql_rows(url, question))


def count_open(url: str) -> int:
    ((count,),) = rows(url, _OPEN)
    return int(count)


def in_flight(url: str) -> list[str]:
    """Return the deliveries in flight, as whoever was killed left them."""
    if not url.startswith(SQLITE):
        return [name for (name,) in rows(url, _IN_FLIGHT)]
    # A copy, so that the recovery of what the killed process left behind stays with its successor.
    file = Path(url.removeprefix(SQLITE))
    with tempfile.TemporaryDirectory(prefix="chaos-left-behind-") as folder:
        for ending in ("", "-wal"):
            if Path(f"{file}{ending}").exists():
                shutil.copyfile(f"{file}{ending}", f"{folder}/copy.db{ending}")
        with closing(sqlite3.connect(f"{folder}/copy.db")) as connection:
            return [name for (name,) in connection.execute(_IN_FLIGHT)]


def _sqlite_rows(file: Path, question: str) -> Rows:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as connection:
        return connection.execute(question).fetchall()


async def _postgresql_rows(url: str, question: str) -> Rows:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        return list(await connection.fetch(question))
    finally:
        await connection.close()
