"""Whether size costs anything: a long history, a long queue, and what a long queue holds in memory.

Owns three comparisons with databases that are filled by SQL (``bench.filling``), each made in one run.
"""

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from sqlalchemy import Connection

from bench import figures
from bench.databases import ask, database
from bench.figures import Figure
from bench.filling import Rows, begin_in_the_past, fill
from bench.measurements import WARM_UP, Rounds, Size, figure, measure_round
from bench.processes import peak_megabytes
from bench.rig import Rig, WrongResult, rig
from tidings.core.instants import SECOND
from tidings.core.retention import Retention
from tidings.store import attempts, deliveries, leases, schema
from tidings.store.attempts import BegunAttempt
from tidings.store.database import Database
from tidings.store.postgresql import PostgresqlDatabase
from tidings.store.sqlite import SqliteDatabase

_DAY = 86_400 * SECOND
_PAST = 85 * _DAY
_FEW = 1000
_LANES = 100
_LANES_AT_ONCE = 8
_EACH = 8
_CLAIMS = 100
_LOOPBACK = [f"127.0.1.{number}" for number in range(1, _LANES + 1)]


async def history(size: Size) -> list[Figure]:
    """What a delivery costs with a long history, against an empty database, in turns."""
    empty, full = Rounds(), Rounds()
    async with rig(size.kind) as fresh, rig(size.kind) as old:
        await refill(old, size.history, begin=_now() - _PAST, pending=False)
        for up in (fresh, old):
            await up.publish(await up.expect(WARM_UP), WARM_UP)
        for _ in range(size.rounds):
            await measure_round(fresh, size.deliveries, empty)
            await measure_round(old, size.deliveries, full)
    name = f"{size.history:,} deliveries of history, {size.kind.spelt}"
    slower = median(empty.per_second) / median(full.per_second)
    dearer = median(full.cpu_us) / median(empty.cpu_us)
    return [
        figure(f"deliveries, empty database, {size.kind.spelt}", "/s", empty.per_second),
        figure(f"deliveries, {name}", "/s", full.per_second),
        figure("time of a delivery ÷ with an empty database", "", [slower], figures.AS_BEFORE),
        figure("CPU of the service for each delivery ÷ likewise", "", [dearer], figures.AS_BEFORE),
    ]


async def memory(size: Size) -> list[Figure]:
    """What the service holds while it works on a long queue for a hundred hosts."""
    async with rig(size.kind, partners=_LANES, hosts=_LOOPBACK) as up:
        await refill(up, size.pending, begin=_now() - 3600 * SECOND, pending=True)
        await asyncio.sleep(size.seconds)
        held = peak_megabytes(up.service.pid)
        ((done,),) = await ask(up.url, "SELECT sum(delivered) FROM tallies")
    if not done:
        raise WrongResult("nothing was delivered meanwhile")
    name = f"{size.pending:,} pending, {_LANES} hosts, {size.kind.spelt}"
    return [
        figure(f"peak resident memory, {name}", "MB", [held], figures.MEMORY),
        figure(f"delivered meanwhile, in {size.seconds} s", "", [float(done)]),
    ]


async def claim(size: Size) -> list[Figure]:
    """What one claim costs with a long queue and with a long history, against neither, in turns."""
    async with AsyncExitStack() as stack:
        few = await _claimable(stack, size, pending=_FEW, history=0)
        many = await _claimable(stack, size, pending=size.pending, history=0)
        old = await _claimable(stack, size, pending=_FEW, history=size.history)
        times: dict[str, list[float]] = {"few": [], "many": [], "old": []}
        for _ in range(_CLAIMS):
            for name, one in (("few", few), ("many", many), ("old", old)):
                times[name].append(await _time_of_a_claim(one))
    middle = {name: median(found) for name, found in times.items()}
    leased = f"{_LANES_AT_ONCE * _EACH} deliveries of {_LANES_AT_ONCE} webhooks, {size.kind.spelt}"
    return [
        figure(f"a claim of {leased}, {_FEW:,} pending", "ms", [middle["few"]]),
        figure(f"likewise, {size.pending:,} pending", "ms", [middle["many"]]),
        figure(f"likewise, {_FEW:,} pending and {size.history:,} ended", "ms", [middle["old"]]),
        figure(f"{size.pending:,} ÷ {_FEW:,} pending", "", [middle["many"] / middle["few"]], figures.AS_BEFORE),
        figure(f"{size.history:,} ended ÷ none", "", [middle["old"] / middle["few"]], figures.AS_BEFORE),
    ]


async def refill(up: Rig, count: int, *, begin: int, pending: bool) -> None:
    """Fill the rig's database while nothing runs, as if its webhooks had been at work for long."""
    webhooks = [(str(row[0]), str(row[1])) for row in await ask(up.url, "SELECT partner_id, id FROM webhooks")]
    await up.stop()
    await asyncio.to_thread(begin_in_the_past, up.url, begin, Retention())
    rows = Rows(count=count, begin=begin, end=_now(), webhooks=webhooks, pending=pending)
    await asyncio.to_thread(fill, up.url, rows)
    await up.start(1)


async def _claimable(stack: AsyncExitStack, size: Size, *, pending: int, history: int) -> Database:
    """Return a database in which so much waits and so much has ended."""
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="tidings-bench-")))
    url = stack.enter_context(database(size.kind, folder))
    opened = _open(url)
    stack.push_async_callback(opened.close)
    await opened.write(schema.bring_up_to_date)
    await opened.write(_add_webhooks)
    await asyncio.to_thread(begin_in_the_past, url, _now() - _PAST, Retention())
    if history:
        await asyncio.to_thread(fill, url, _rows(history, _now() - _PAST, pending=False))
    await asyncio.to_thread(fill, url, _rows(pending, _now() - 3600 * SECOND, pending=True))
    return opened


def _rows(count: int, begin: int, *, pending: bool) -> Rows:
    webhooks = [(_partner(number), _webhook(number)) for number in range(_LANES)]
    return Rows(count=count, begin=begin, end=_now(), webhooks=webhooks, pending=pending)


def _add_webhooks(connection: Connection) -> None:
    for number in range(_LANES):
        connection.exec_driver_sql(
            f"INSERT INTO partners (id, name, created_at) VALUES ('{_partner(number)}', 'Bench', 1)"
        )
        connection.exec_driver_sql(
            "INSERT INTO webhooks (id, partner_id, url, enabled, events, sealed_secret, created_at, updated_at)"
            f" VALUES ('{_webhook(number)}', '{_partner(number)}', 'https://example.com', true, '[]', '', 1, 1)"
        )


class _Undone(Exception):
    """Ends a transaction that was only to be timed; holds how long it took, in milliseconds."""

    def __init__(self, took_ms: float) -> None:
        self.took_ms = took_ms


async def _time_of_a_claim(opened: Database) -> float:
    """Lease what is due of some lanes, with an attempt for each, and undo it."""
    lanes = [_webhook(number) for number in range(_LANES_AT_ONCE)]

    def work(connection: Connection) -> None:
        now, begun = _now(), time.perf_counter()
        due = leases.due_deliveries(connection, lanes, most=_EACH, now=now)
        if len(due) != _LANES_AT_ONCE * _EACH:
            raise WrongResult(f"a claim found {len(due)}")
        deliveries.claim(connection, [(row.id, now, now) for row in due], token="bench", until=now)
        attempts.begin(connection, [BegunAttempt(delivery_id=row.id, number=1, started_at=now) for row in due])
        raise _Undone((time.perf_counter() - begun) * 1000)

    try:
        await opened.write(work)
    except _Undone as undone:
        return undone.took_ms
    raise WrongResult("a claim came to no end")


def _open(url: str) -> Database:
    return SqliteDatabase(Path(url.removeprefix("sqlite:///"))) if url.startswith("sqlite") else PostgresqlDatabase(url)


def _partner(number: int) -> str:
    return f"bench-{number}"


def _webhook(number: int) -> str:
    return f"WHBENCH-{number:05d}-ABCDEF"


def _now() -> int:
    return time.time_ns() // 1000
