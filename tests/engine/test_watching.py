"""What one look tells: as much as fits, and never the same again."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest_asyncio
from sqlalchemy import Connection, select

from support.moves import ended
from support.served import PLENTY, Served, Terms, served
from support.stored import WEBHOOK, add_leased_delivery, add_partner, add_webhook
from tidings.actions.context import Limits, Operations
from tidings.actions.operations import Receiver, follow_settings
from tidings.core.delivery import Move
from tidings.core.instants import SECOND
from tidings.core.operational_events import PARTNER, DeliveriesFailed, OperationalEvent
from tidings.core.secret import Secret
from tidings.engine.health import Health
from tidings.engine.watching import Watch
from tidings.store import conditions, deliveries, tallies
from tidings.store.group_commit import each
from tidings.store.tables import events
from tidings.store.transaction import Transaction
from tidings.telemetry.facts import OperationalEventTold

OPERATIONS = Operations(failing_after=60 * SECOND, backlog=10)
RECEIVER = Receiver("https://hooks.acme.com/operations", Secret(bytes(32)))
OTHER = "WHBBBBBB-BBBBB-BBBBBB"


@pytest_asyncio.fixture
async def at(tmp_path: Path) -> AsyncIterator[Served]:
    terms = Terms(limits=Limits(rate_limit=PLENTY, operations=OPERATIONS))
    async with served(tmp_path, terms) as up:
        await follow_settings(up.ctx, RECEIVER)
        yield up


async def write(at: Served, work: Callable[[Connection], None]) -> None:
    def one(transaction: Transaction, item: Callable[[Connection], None]) -> None:
        item(transaction.connection)

    await at.ctx.store.write(each(one), work)


async def look(at: Served, times: int = 1) -> int:
    """Look so many times; return how often it rested, which it does not while there is more to tell."""
    rests = 0

    async def rest(_seconds: float) -> None:
        nonlocal rests
        rests += 1

    watch = Watch(at.ctx, OPERATIONS, Health(at.ctx.clock))
    for _ in range(times):
        await watch.look(rest)
    return rests


async def told(at: Served) -> list[OperationalEvent]:
    def read(connection: Connection) -> list[str]:
        stored = select(events.c.payload).where(events.c.partner_id == PARTNER).order_by(events.c.id)
        return list(connection.execute(stored).scalars())

    return [msgspec.json.decode(payload, type=OperationalEvent) for payload in await at.ctx.store.read(read)]


def fail(count: int, webhook: str) -> Callable[[Connection], None]:
    def work(connection: Connection) -> None:
        names = [add_leased_delivery(connection, "token", webhook_id=webhook) for _ in range(count)]
        rows = [ended(name, Move.GAVE_UP, token="token") for name in names]
        deliveries.record(connection, Move.GAVE_UP, rows)
        conditions.note_failures(connection, names)

    return work


def prepare(connection: Connection) -> None:
    add_partner(connection)
    for webhook in (WEBHOOK, OTHER):
        add_webhook(connection, webhook)


async def test_many_failures_are_few_events_and_each_is_told_once(at: Served) -> None:
    await write(at, prepare)
    await write(at, fail(1_150, WEBHOOK))
    await write(at, fail(3, OTHER))
    rests = [await look(at) for _ in range(3)]
    failed = [event for event in await told(at) if isinstance(event, DeliveriesFailed)]
    names = [one.id for event in failed for one in event.deliveries]
    # A full look is followed by the next one at once.
    assert rests == [0, 1, 1]
    assert len(names) == len(set(names)) == 1_153
    assert len(failed) <= 14
    assert max(len(event.deliveries) for event in failed) == 100
    assert {event.webhook: event.partner for event in failed} == {WEBHOOK: "acme", OTHER: "acme"}
    told_facts = [fact for fact in at.facts if isinstance(fact, OperationalEventTold)]
    assert {fact.event for fact in told_facts} == {event.id for event in await told(at)}


async def test_while_nobody_listens_what_is_to_be_told_stays(at: Served) -> None:
    await write(at, prepare)
    await follow_settings(at.ctx, None)
    await write(at, fail(1, WEBHOOK))
    await look(at)
    silent = await told(at)
    await follow_settings(at.ctx, RECEIVER)
    await look(at)
    assert silent == []
    assert [type(event) for event in await told(at)] == [DeliveriesFailed]


async def test_a_backlog_is_told_when_it_grows_and_when_half_of_it_is_gone(at: Served) -> None:
    kinds = []
    for change in (11, 4, -6, -4, -1, 20):
        moves = {Move.QUEUED: change} if change > 0 else {Move.CLAIMED: -change}
        await write(at, lambda connection, moves=moves: tallies.add(connection, moves, shard=0))  # type: ignore[misc]
        await look(at)
        # What was told waits as well: its own deliveries are part of the backlog.
        kinds.append([event.event_type.removeprefix("operations.") for event in await told(at)])
    assert kinds[0] == kinds[1] == kinds[2] == ["backlog_over_limit"]
    assert kinds[4] == ["backlog_over_limit", "backlog_recovered"]
    assert kinds[5] == ["backlog_over_limit", "backlog_recovered", "backlog_over_limit"]
