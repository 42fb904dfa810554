"""Statements on the processes that work on this database: each says now and then that it lives."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, update

from tidings.core.instants import Instant
from tidings.store.bookkeeping import processes


def beat(connection: Connection, process: str, *, now: Instant) -> None:
    """Say that ``process`` lives."""
    said = connection.execute(update(processes).where(processes.c.id == process).values(seen_at=now))
    if said.rowcount == 0:
        connection.execute(insert(processes).values(id=process, seen_at=now))


def living(connection: Connection, *, since: Instant) -> Sequence[str]:
    """Return the processes that were heard of since then, in a fixed order."""
    statement = select(processes.c.id).where(processes.c.seen_at >= since).order_by(processes.c.id)
    return connection.execute(statement).scalars().all()


def forget(connection: Connection, *, before: Instant) -> None:
    """Drop those that have been silent for so long."""
    connection.execute(delete(processes).where(processes.c.seen_at < before))


def leave(connection: Connection, process: str) -> None:
    """Drop a process that ends."""
    connection.execute(delete(processes).where(processes.c.id == process))
