"""Rows put into a database by SQL alone: a long history, or a long queue, in minutes rather than days.

Owns the statements, the same for both databases but for how they count. Ids are spelt as the service spells them, and
spread over time, so that history lies in the partitions in which it would lie.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import asyncpg
from msgspec import Struct
from sqlalchemy import Connection, insert

from bench.databases import SQLITE
from tidings.core.catalogue import EVENT_TYPES
from tidings.core.ids import id_floor
from tidings.core.instants import SECOND
from tidings.core.retention import Retention
from tidings.store import backlog, events, partitions
from tidings.store.backlog import Height
from tidings.store.bookkeeping import COUNTS, statistics
from tidings.store.events import NewKey
from tidings.store.postgresql import PostgresqlDatabase
from tidings.store.sqlite import SqliteDatabase
from tidings.store.statistics import SPANS, Resolution

_OF_ONE_MOMENT = 1000
"""Rows that share the moment in their id."""
_AT_ONCE = 50
_HOUR = 3600 * SECOND

_COUNTED = {
    # The same rows: a moment as text, a number within it.
    "sqlite": "(SELECT value AS moment FROM json_each(?)) m, (WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1"
    f" FROM c WHERE n < {_OF_ONE_MOMENT - 1}) SELECT n, printf('%016x', n) AS tail FROM c) c",
    "postgresql": "json_array_elements_text($1::json) m(moment),"
    f" (SELECT n, lpad(to_hex(n), 16, '0') AS tail FROM generate_series(0, {_OF_ONE_MOMENT - 1}) n) c",
}
_LEAVES = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
_BODY = (
    '{"event_type":"user.verified","iiban":"AA00 TEST EXAM PLE1","timestamp":"2025-01-15T10:30:00.000000000Z",'
    '"marker":"history"}'
)


class Rows(Struct, frozen=True, kw_only=True):
    """What to fill in: ``count`` deliveries, each with its event, from ``begin`` to ``end`` in equal steps.

    ``webhooks`` are pairs of partner and webhook that take turns. Pending ones are due at ``end``. Tallied rows count
    like any other.
    """

    count: int
    begin: int
    end: int
    webhooks: list[tuple[str, str]]
    pending: bool = False
    tallied: bool = True


def fill(url: str, rows: Rows) -> None:
    """Put the rows in, and let the database look at what it has now."""
    if url.startswith(SQLITE):
        _fill_sqlite(Path(url.removeprefix(SQLITE)), rows)
    else:
        asyncio.run(_fill_postgresql(url, rows))


def fill_keys(url: str, count: int, *, at: int) -> None:
    """Put in idempotency keys of one moment, whose events are gone."""
    asyncio.run(_fill_keys(url, count, at))


async def _fill_keys(url: str, count: int, at: int) -> None:
    opened = _opened(url)
    names = [f"filled-{at}-{number}" for number in range(count)]
    keys = [NewKey(partner_id="filled", key=name, event_id="evt_gone", digest="0", created_at=at) for name in names]
    await opened.write(partial(events.insert_keys, rows=keys))
    await opened.close()


def fill_week(url: str, partner: str, webhook: str, *, until: int) -> None:
    """Count a week in which something of each type happened to a webhook in every hour, and lately in every minute."""
    asyncio.run(_fill_week(url, partner, webhook, until))


async def _fill_week(url: str, partner: str, webhook: str, until: int) -> None:
    owners = [(partner, to, name) for name in EVENT_TYPES for to in ("", webhook)]
    owners += [("", "", name) for name in ("", *EVENT_TYPES)]
    spans = {Resolution.MINUTE: 60, Resolution.HOUR: 168}
    rows = [
        {
            **dict.fromkeys(COUNTS, 1),
            "resolution": resolution.value,
            "bucket_at": until - until % SPANS[resolution] - back * SPANS[resolution],
            **dict(zip(("partner_id", "webhook_id", "event_type"), owner, strict=True)),
        }
        for resolution, points in spans.items()
        for back in range(1, points)
        for owner in owners
    ]
    opened = _opened(url)
    await opened.write(lambda connection: connection.execute(insert(statistics), rows))
    moments = [until - back * SPANS[each] for each, points in spans.items() for back in range(1, points)]
    await opened.write(partial(_fill_backlog, moments=moments))
    await opened.close()


def _fill_backlog(connection: Connection, moments: Iterable[int]) -> None:
    # The service may have written some of it already.
    for number, moment in enumerate(moments):
        minute = moment - moment % SPANS[Resolution.MINUTE]
        backlog.note(connection, minute, Height(pending=number, overdue=number * SECOND))


def _opened(url: str) -> SqliteDatabase | PostgresqlDatabase:
    return SqliteDatabase(Path(url.removeprefix(SQLITE))) if url.startswith(SQLITE) else PostgresqlDatabase(url)


def begin_in_the_past(url: str, begin: int, retention: Retention) -> None:
    """Have the partitions that would be there if the service had been running since then; nothing may be in any."""
    if not url.startswith(SQLITE):
        asyncio.run(_remake_partitions(url, begin, retention))


async def _remake_partitions(url: str, begin: int, retention: Retention) -> None:
    opened = PostgresqlDatabase(url)
    now = time.time_ns() // 1000
    for of in partitions.PARTITIONED:
        for one in await opened.read(partial(partitions.partitions_of, of=of)):
            await opened.write(partial(partitions.drop, of=of, partition=one))
        for moment in (*range(begin, now, max(_HOUR, (now - begin) // 100)), now):
            await opened.write(partial(partitions.make_ahead, of=of, retention=retention, now=moment))
    await opened.close()


def _fill_sqlite(file: Path, rows: Rows) -> None:
    with closing(sqlite3.connect(file, timeout=60)) as connection:
        for moments in _moments(rows):
            with connection:
                for statement in _statements("sqlite", rows):
                    connection.execute(statement, (json.dumps(moments),))
        if rows.tallied:
            with connection:
                connection.execute(_tally(rows))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _fill_postgresql(url: str, rows: Rows) -> None:
    connection = await asyncpg.connect(url)
    try:
        for moments in _moments(rows):
            async with connection.transaction():
                for statement in _statements("postgresql", rows):
                    await connection.execute(statement, json.dumps(moments))
        if rows.tallied:
            await connection.execute(_tally(rows))
        await connection.execute("VACUUM")
        for row in await connection.fetch(_LEAVES):
            # What autovacuum does in time; of the whole of a partitioned table nobody makes statistics.
            await connection.execute(f"ANALYZE {row[0]}")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


def _moments(rows: Rows) -> Iterator[Sequence[str]]:
    """Yield the middle parts of ids, a bounded number at once."""
    steps = max(1, rows.count // _OF_ONE_MOMENT)
    apart = (rows.end - rows.begin) // steps
    moments = [id_floor("", rows.begin + step * apart)[:10] for step in range(steps)]
    for start in range(0, steps, _AT_ONCE):
        yield moments[start : start + _AT_ONCE]


def _statements(dialect: str, rows: Rows) -> list[str]:
    partner = _turns([partner for partner, _ in rows.webhooks])
    webhook = _turns([webhook for _, webhook in rows.webhooks])
    source = _COUNTED[dialect]
    made = (
        "INSERT INTO events (id, partner_id, event_type, payload, created_at)"
        f" SELECT 'evt_' || moment || tail, {partner}, 'user.verified', '{_BODY}', {rows.end} FROM {source}"
    )
    state, due, finished, attempts = (
        ("'pending'", str(rows.end), "NULL", 0) if rows.pending else ("'delivered'", "NULL", str(rows.end), 1)
    )
    fanned = (
        "INSERT INTO deliveries (id, event_id, event_type, webhook_id, partner_id, state, attempts, leases_lost,"
        " due_at, created_at, finished_at) SELECT 'dlv_' || moment || tail, 'evt_' || moment || tail, 'user.verified',"
        f" {webhook}, {partner}, {state}, {attempts}, 0, {due}, {rows.end}, {finished} FROM {source}"
    )
    attempted = (
        "INSERT INTO attempts (delivery_id, number, started_at, duration_ms, outcome, http_status, signature)"
        f" SELECT 'dlv_' || moment || tail, 1, {rows.end}, 20, 'ok', 200, 't=1735732800,v1=' || moment FROM {source}"
    )
    return [made, fanned] if rows.pending else [made, fanned, attempted]


def _turns(names: Sequence[str]) -> str:
    cases = " ".join(f"WHEN {number} THEN '{name}'" for number, name in enumerate(names))
    return f"CASE n % {len(names)} {cases} END"


def _tally(rows: Rows) -> str:
    count = max(1, rows.count // _OF_ONE_MOMENT) * _OF_ONE_MOMENT
    state = "pending" if rows.pending else "delivered"
    return f"UPDATE tallies SET {state} = {state} + {count} WHERE shard = 0"
