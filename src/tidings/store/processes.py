"""Statements on the processes that work on this database: each says now and then that it lives, and for whom it shrank.

Owns how that is spelt. A row of the release before says nothing of views.
"""

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from tidings.core.instants import Instant
from tidings.core.membership import Said, View
from tidings.store.bookkeeping import processes


def beat(connection: Connection, process: str, *, now: Instant, view: View = (), busy: Collection[str] = ()) -> None:
    """Say that ``process`` lives, has shrunk for ``view``, and still has too much in flight in the lanes ``busy``."""
    said = {"seen_at": now, "view": _encode(view), "busy": _encode(busy)}
    changed = connection.execute(update(processes).where(processes.c.id == process).values(said))
    if changed.rowcount == 0:
        connection.execute(insert(processes).values(id=process, **said))


def everybody(connection: Connection) -> list[Said]:
    """Return what each process last said, in a fixed order."""
    rows = connection.execute(select(processes).order_by(processes.c.id)).all()
    return [Said(row.id, row.seen_at, _view(row.view), frozenset(_decode(row.busy))) for row in rows]


def forget(connection: Connection, *, before: Instant) -> None:
    """Drop those that have been silent for so long."""
    connection.execute(delete(processes).where(processes.c.seen_at < before))


def leave(connection: Connection, process: str) -> None:
    """Drop a process that ends."""
    connection.execute(delete(processes).where(processes.c.id == process))


def _view(text: str | None) -> View | None:
    return None if text is None else tuple(_decode(text))


def _encode(names: Collection[str]) -> str:
    return msgspec.json.encode(tuple(names)).decode()


def _decode(text: str) -> Sequence[str]:
    return msgspec.json.decode(text, type=tuple[str, ...])
