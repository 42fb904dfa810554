"""Counts by time, partner, webhook and event type, added up from the journal.

Owns the rows that are added to. A row without partner holds those of all partners, for one event type or for all, so
that no question adds up more rows than one partner has. Minutes are kept for two days, hours for 400.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, case, delete, func, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from tidings.core.delivery import ENDED
from tidings.core.instants import SECOND, Instant, Span
from tidings.core.latency import BINS, bin_of
from tidings.core.outcome import Code
from tidings.store import journal
from tidings.store.bookkeeping import COUNTS, statistics
from tidings.store.dialects import try_to_be_the_one
from tidings.store.journal import EndedEntry, Kind, Page, Tally
from tidings.store.rows import given_for


class Resolution(StrEnum):
    """How long the span of a row is."""

    MINUTE = "minute"
    HOUR = "hour"


SPANS: dict[Resolution, Span] = {Resolution.MINUTE: 60 * SECOND, Resolution.HOUR: 3600 * SECOND}
KEPT: dict[Resolution, Span] = {Resolution.MINUTE: 2 * 86_400 * SECOND, Resolution.HOUR: 400 * 86_400 * SECOND}
HOLD: Span = 2 * SECOND
"""How long a row of the journal is left to those who watch it before it is counted and removed."""
AT_ONCE = 256
"""Rows of the journal that are counted in one transaction."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What is asked: rows from ``since`` on and before ``until``."""

    partner: str | None
    webhook: str | None
    event_type: str | None
    resolution: Resolution
    since: Instant
    until: Instant


_KEYS = ("resolution", "partner_id", "webhook_id", "event_type", "bucket_at")
_TITLES = (*_KEYS, *COUNTS)
_given = given_for(statistics, _TITLES)


def _adding(insert: type[sqlite.Insert] | type[postgresql.Insert]) -> Insert:
    rows = select(*_given.columns()).select_from(_given.source).where(true())
    statement = insert(statistics).from_select(list(_TITLES), rows)
    more = {name: statistics.c[name] + getattr(statement.excluded, name) for name in COUNTS}
    return statement.on_conflict_do_update(index_elements=list(_KEYS), set_=more)


ALL = ""
"""Stands for all partners, all webhooks, all event types; an event's own row stands under no webhook just so."""
_Key: TypeAlias = tuple[str, str, str, str, Instant]
_PLACE = {name: place for place, name in enumerate(COUNTS)}
_FIRST_BIN = len(COUNTS) - BINS
_ADD = {"sqlite": _adding(sqlite.Insert), "postgresql": _adding(postgresql.Insert)}
_THE_ONE = 0x7469_6469_7374


def roll_up(connection: Connection, *, now: Instant) -> int:
    """Count what the journal holds, remove it, and forget what is too old. Return how many rows were counted.

    Where several processes might do so at the same moment, one does.
    """
    if not try_to_be_the_one(connection, _THE_ONE):
        return 0
    found = journal.oldest(connection, before=now - HOLD, limit=AT_ONCE)
    if found:
        connection.execute(_ADD[connection.dialect.name], _given.bind(_rows(found)))
        journal.remove(connection, [page.id for page in found])
    for resolution, kept in KEPT.items():
        _forget_one(connection, resolution, before=now - kept)
    return len(found)


def counts(connection: Connection, wanted: Wanted) -> dict[Instant, list[int]]:
    """Return the counts (``bookkeeping.COUNTS``) of each bucket that has any."""
    # Events are counted once without a webhook, and again for each webhook that got them.
    published = statistics.c.published
    if wanted.webhook is None:
        published = case((statistics.c.webhook_id == ALL, published), else_=0)  # type: ignore[assignment]
    sums = [func.sum(published), *(func.sum(statistics.c[name]) for name in COUNTS[1:])]
    statement = (
        select(statistics.c.bucket_at, *sums)
        .where(
            statistics.c.resolution == wanted.resolution.value,
            statistics.c.bucket_at >= wanted.since,
            statistics.c.bucket_at < wanted.until,
            *_scope(wanted),
        )
        .group_by(statistics.c.bucket_at)
    )
    return {row[0]: [int(count) for count in row[1:]] for row in connection.execute(statement)}


def _scope(wanted: Wanted) -> list[ColumnElement[bool]]:
    if wanted.partner is None:
        type_ = wanted.event_type or ALL
        return [statistics.c.partner_id == ALL, statistics.c.webhook_id == ALL, statistics.c.event_type == type_]
    exact = {statistics.c.webhook_id: wanted.webhook, statistics.c.event_type: wanted.event_type}
    narrower = [column == value for column, value in exact.items() if value is not None]
    return [statistics.c.partner_id == wanted.partner, *narrower]


def _rows(pages: Iterable[Page]) -> list[tuple[object, ...]]:
    sums: defaultdict[_Key, list[int]] = defaultdict(lambda: [0] * len(COUNTS))
    for page in pages:
        entries = page.entries()
        for ended in entries.ended:
            for key in _keys(ended, ended.ended_at):
                _add_ended(sums[key], ended)
        for tally in entries.tallies:
            for key in _keys(tally, page.at):
                # What is published to a webhook was published before, without one.
                if tally.kind is not Kind.PUBLISHED or not tally.webhook or key[1]:
                    sums[key][_PLACE[tally.kind]] += tally.count
    return [(*key, *sums[key]) for key in sorted(sums)]


def _keys(entry: EndedEntry | Tally, moment: Instant) -> Iterator[_Key]:
    for resolution, span in SPANS.items():
        bucket = moment - moment % span
        yield (resolution.value, ALL, ALL, ALL, bucket)
        yield (resolution.value, ALL, ALL, entry.event_type, bucket)
        yield (resolution.value, entry.partner, entry.webhook, entry.event_type, bucket)


def _add_ended(counts: list[int], ended: EndedEntry) -> None:
    counts[_PLACE["attempts"]] += 1
    if ended.outcome != Code.OK:
        counts[_PLACE["failed_attempts"]] += 1
    if ended.state in ENDED:
        counts[_PLACE[ended.state]] += 1
    if ended.latency is not None:
        counts[_FIRST_BIN + bin_of(ended.latency)] += 1


def _forget_one(connection: Connection, resolution: Resolution, *, before: Instant) -> None:
    """Remove the oldest bucket if it is too old: one is enough, since this is asked all the time."""
    of_it = statistics.c.resolution == resolution.value
    first = select(statistics.c.bucket_at).where(of_it).order_by(statistics.c.bucket_at).limit(1)
    oldest = connection.execute(first).scalar()
    if oldest is not None and oldest < before:
        connection.execute(delete(statistics).where(of_it, statistics.c.bucket_at == oldest))
