"""What just happened, as one row for each commit: for those who count it and those who watch it.

Owns the journal. A transaction's entries are written in that very transaction, by one statement however many they are,
so that nothing is counted that did not happen, and nothing that happened is forgotten. Rows are short-lived: whoever
counts them removes them (store.statistics).
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, bindparam, delete, insert, select

from tidings.core.instants import Instant, Span
from tidings.core.model import State
from tidings.store.bookkeeping import journal
from tidings.store.rows import fetch_all, in_one_value


class EndedEntry(Struct, frozen=True, array_like=True):
    """An attempt that ended. ``state`` is the delivery's from then on; ``latency`` is set when it was delivered."""

    delivery: str
    event: str
    event_type: str
    webhook: str
    partner: str
    number: int
    outcome: str
    http_status: int | None
    duration_ms: int | None
    state: State
    ended_at: Instant
    latency: Span | None


class Kind(StrEnum):
    """What happened without an attempt: an event was published, or a delivery ended."""

    PUBLISHED = "published"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Owner(NamedTuple):
    """Whose deliveries are counted together."""

    partner: str
    webhook: str
    event_type: str


class Tally(Struct, frozen=True, array_like=True):
    """How often it did, for an owner and an event type."""

    kind: Kind
    partner: str
    webhook: str
    event_type: str
    count: int


class Entries(Struct, frozen=True, array_like=True):
    """What one commit did."""

    ended: list[EndedEntry]
    tallies: list[Tally]


class Page(Struct, frozen=True):
    """One row. Reading it costs something: whoever does not need all of them reads some."""

    id: int
    at: Instant
    written: str

    def entries(self) -> Entries:
        return _decode(self.written)


class _Head(Struct, frozen=True, array_like=True):
    id: int
    at: Instant


_NEWEST = in_one_value(select(journal.c.id, journal.c.at).order_by(journal.c.id.desc()).limit(bindparam("most")))
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Entries).decode


class Draft:
    """Collects the entries of one transaction."""

    __slots__ = ("_counted", "ended")

    def __init__(self) -> None:
        self.ended: list[EndedEntry] = []
        self._counted: dict[tuple[Kind, Owner], int] = {}

    def count(self, kind: Kind, owner: Owner, times: int = 1) -> None:
        """Note what happened. An event is published once without a webhook, and once to each that wants it."""
        key = (kind, owner)
        self._counted[key] = self._counted.get(key, 0) + times

    def entries(self) -> Entries | None:
        """Return what was noted; None when there is nothing."""
        if not self.ended and not self._counted:
            return None
        return Entries(self.ended, [Tally(kind, *owner, count) for (kind, owner), count in self._counted.items()])


def write(connection: Connection, draft: Draft, *, now: Instant) -> None:
    """Write a row for what was noted, if anything was."""
    entries = draft.entries()
    if entries is not None:
        connection.execute(insert(journal).values(at=now, entries=_encode(entries).decode()))


def oldest(connection: Connection, *, before: Instant, limit: int) -> list[Page]:
    """Return rows written before then, oldest first."""
    statement = select(journal).where(journal.c.at < before).order_by(journal.c.id).limit(limit)
    return [Page(row.id, row.at, row.entries) for row in connection.execute(statement)]


def newest(connection: Connection, *, limit: int) -> list[tuple[int, Instant]]:
    """Return number and moment of the newest rows, newest first."""
    return [(head.id, head.at) for head in fetch_all(connection, _NEWEST, _Head, most=limit)]


def pages(connection: Connection, ids: Sequence[int]) -> list[Page]:
    """Return the rows with these numbers that are still there, oldest first."""
    statement = select(journal).where(journal.c.id.in_(ids)).order_by(journal.c.id)
    return [Page(row.id, row.at, row.entries) for row in connection.execute(statement)]


def remove(connection: Connection, ids: Sequence[int]) -> None:
    connection.execute(delete(journal).where(journal.c.id.in_(ids)))
