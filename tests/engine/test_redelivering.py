"""Redeliveries: step by step, each delivery once, whoever else is at work."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from functools import partial

import msgspec
import pytest
import pytest_asyncio
from sqlalchemy import Connection, func, select, update

from support.acting import acting
from support.database_fixtures import opened
from support.stepped_clock import START, SteppedClock
from support.stored import WEBHOOK, add_delivery, add_event, add_partner, add_webhook
from tidings.actions import bulk_redelivery, partners
from tidings.actions.bulk_redelivery import Redelivery, RedeliveryState, Selection
from tidings.actions.context import Context
from tidings.actions.redelivering import step_all
from tidings.actions.redelivery import redeliver
from tidings.core.ids import id_floor
from tidings.core.instants import SECOND
from tidings.core.model import State
from tidings.errors import InvalidArgument, NotFound
from tidings.store import redeliveries
from tidings.store.database import Database
from tidings.store.tables import deliveries
from tidings.store.tables import webhooks as webhook_table
from tidings.telemetry.facts import Fact, RedeliveryEnded, RedeliveryStarted

FAILED = 25
NOW = START + 1000 * SECOND


def name(second: int) -> str:
    return id_floor("dlv_", START + second * SECOND)


def history(connection: Connection) -> None:
    """Write deliveries that failed, each of an event of its own, and one that arrived."""
    add_partner(connection)
    add_webhook(connection)
    for second in range(FAILED + 1):
        add_delivery(
            connection,
            id=name(second),
            created_at=START + second * SECOND,
            event_id=add_event(connection),
            state=State.FAILED if second < FAILED else State.DELIVERED,
        )


@pytest_asyncio.fixture
async def ctx(database_url: str, clock: SteppedClock) -> AsyncIterator[Context]:
    database = opened(database_url)
    await database.write(history)
    turn(clock, NOW)
    async with acting(database, clock) as context:
        yield context
    await database.close()


def turn(clock: SteppedClock, moment: int) -> None:
    """Move the clock to ``moment``, forth or back."""
    clock.pass_(moment - clock.now())


async def step(ctx: Context) -> Redelivery | None:
    return await ctx.store.write(step_all, ctx)


async def finish(ctx: Context, clock: SteppedClock) -> int:
    """Take steps until nothing runs; return how many."""
    steps = 0
    while (due_at := await ctx.store.read(redeliveries.next_due_at)) is not None:
        turn(clock, max(clock.now(), due_at))
        assert await step(ctx) is not None
        steps += 1
    return steps


async def made(ctx: Context) -> Counter[str]:
    """Count the new deliveries of each old one."""

    def ask(connection: Connection) -> Counter[str]:
        old = select(deliveries.c.redelivery_of).where(deliveries.c.redelivery_of.is_not(None))
        return Counter(connection.execute(old).scalars())

    return await ctx.store.read(ask)


EACH_ONCE = Counter({name(second): 1 for second in range(FAILED)})


async def test_each_delivery_is_sent_again_once_and_the_new_ones_are_not(ctx: Context, clock: SteppedClock) -> None:
    job = await bulk_redelivery.start(ctx, Selection(partner="acme"), rate=50)

    steps = await finish(ctx, clock)

    ended = await bulk_redelivery.show(ctx, job.id)
    assert (ended.state, ended.total, ended.made, ended.left_out) == (RedeliveryState.DONE, FAILED, FAILED, 0)
    assert ended.finished_at is not None
    assert steps == 3
    assert await made(ctx) == EACH_ONCE


async def test_a_second_redelivery_leaves_out_what_the_first_made(ctx: Context, clock: SteppedClock) -> None:
    await bulk_redelivery.start(ctx, Selection())
    await finish(ctx, clock)

    before = await bulk_redelivery.preview(ctx, Selection())
    second = await bulk_redelivery.start(ctx, Selection())
    await finish(ctx, clock)

    ended = await bulk_redelivery.show(ctx, second.id)
    assert (before.matched, before.left_out, before.complete) == (FAILED, FAILED, True)
    assert (ended.made, ended.left_out) == (0, FAILED)
    assert await made(ctx) == EACH_ONCE


async def test_what_was_sent_again_by_hand_is_left_out(ctx: Context, clock: SteppedClock) -> None:
    job = await bulk_redelivery.start(ctx, Selection(), rate=10)
    await step(ctx)
    await redeliver(ctx, name(FAILED - 1))
    await finish(ctx, clock)

    ended = await bulk_redelivery.show(ctx, job.id)
    assert (ended.made, ended.left_out) == (FAILED - 1, 1)
    assert await made(ctx) == EACH_ONCE


async def test_a_slow_redelivery_passes_what_is_left_out_in_few_steps(ctx: Context, clock: SteppedClock) -> None:
    by_hand = 12
    for second in range(1, by_hand + 1):
        await redeliver(ctx, name(second))
    job = await bulk_redelivery.start(ctx, Selection(), rate=1)
    await step(ctx)

    begun = await bulk_redelivery.show(ctx, job.id)
    assert (begun.made, begun.left_out) == (1, by_hand)
    # The rest is sent one in each step.
    assert await finish(ctx, clock) == FAILED - by_hand - 1
    assert await made(ctx) == EACH_ONCE


async def test_the_rate_says_when_the_next_are_due(ctx: Context, clock: SteppedClock) -> None:
    await bulk_redelivery.start(ctx, Selection(), rate=10)

    first = await step(ctx)
    early = await step(ctx)
    turn(clock, NOW + SECOND // 5)
    second = await step(ctx)

    assert first is not None
    assert second is not None
    assert early is None
    assert (first.made, first.due_at) == (2, NOW + SECOND // 5)
    assert (second.made, second.due_at) == (4, NOW + SECOND * 2 // 5)


async def test_a_redelivery_that_is_cancelled_makes_no_more(ctx: Context, clock: SteppedClock) -> None:
    job = await bulk_redelivery.start(ctx, Selection(), rate=25)
    await step(ctx)

    cancelled = await bulk_redelivery.cancel(ctx, job.id)
    again = await bulk_redelivery.cancel(ctx, job.id)
    turn(clock, NOW + 60 * SECOND)

    assert await step(ctx) is None
    assert (cancelled.state, cancelled.made) == (RedeliveryState.CANCELLED, 5)
    assert again == cancelled
    assert (await made(ctx)).total() == 5


async def test_what_cannot_be_sent_any_more_is_refused_and_the_rest_goes_on(ctx: Context, clock: SteppedClock) -> None:
    def disable(connection: Connection) -> None:
        add_partner(connection, "other")
        add_webhook(connection, "WHBBBBBB-BBBBB-BBBBBB", partner="other")
        more = {"partner_id": "other", "webhook_id": "WHBBBBBB-BBBBB-BBBBBB", "state": State.FAILED}
        add_delivery(connection, id=name(50), created_at=START, event_id=add_event(connection), **more)
        connection.execute(update(webhook_table).where(webhook_table.c.id == WEBHOOK).values(enabled=False))

    await ctx.store._database.write(disable)
    job = await bulk_redelivery.start(ctx, Selection())
    await finish(ctx, clock)

    ended = await bulk_redelivery.show(ctx, job.id)
    assert (ended.state, ended.made, ended.refused) == (RedeliveryState.DONE, 1, FAILED)


async def test_a_disabled_partners_deliveries_are_refused(ctx: Context, clock: SteppedClock) -> None:
    await partners.disable(ctx, "acme")
    job = await bulk_redelivery.start(ctx, Selection())
    await finish(ctx, clock)

    assert (await bulk_redelivery.show(ctx, job.id)).refused == FAILED


async def test_a_clock_that_is_behind_makes_nothing_that_is_selected(ctx: Context, clock: SteppedClock) -> None:
    job = await bulk_redelivery.start(ctx, Selection(), rate=10_000)
    long_due = msgspec.structs.replace(job, due_at=START)
    await ctx.store._database.write(partial(redeliveries.save, job=long_due))
    turn(clock, NOW - 100 * SECOND)
    await step(ctx)

    def oldest(connection: Connection) -> str:
        new = select(func.min(deliveries.c.id)).where(deliveries.c.redelivery_of.is_not(None))
        return str(connection.execute(new).scalar())

    assert await ctx.store.read(oldest) >= job.up_to


async def test_a_redelivery_that_asks_for_what_cannot_be_is_refused(ctx: Context) -> None:
    for wanted, field in (
        (Selection(state=State.PENDING), "state"),
        (Selection(event_type="user.unheard"), "event_type"),
    ):
        with pytest.raises(InvalidArgument) as refused:
            await bulk_redelivery.start(ctx, wanted)
        assert refused.value.field == field
    for wanted in (Selection(partner="nobody"), Selection(webhook="WHNONE")):
        with pytest.raises(NotFound):
            await bulk_redelivery.preview(ctx, wanted)
    with pytest.raises(InvalidArgument):
        await bulk_redelivery.start(ctx, Selection(), rate=0)


async def test_several_processes_and_several_redeliveries_send_each_once(
    ctx: Context, database_url: str, clock: SteppedClock
) -> None:
    jobs = [await bulk_redelivery.start(ctx, Selection(), rate=10_000) for _ in range(3)]
    others = [opened(database_url) for _ in range(3)]
    facts: list[Fact] = []
    try:
        async with asyncio.TaskGroup() as group:
            for other in others:
                group.create_task(_step_for_long(other, clock, facts))
    finally:
        for other in others:
            await other.close()
    ended = [await bulk_redelivery.show(ctx, job.id) for job in jobs]

    assert {job.state for job in ended} == {RedeliveryState.DONE}
    assert sum(job.made for job in ended) == FAILED
    assert await made(ctx) == EACH_ONCE


async def _step_for_long(database: Database, clock: SteppedClock, facts: list[Fact]) -> None:
    async with acting(database, clock, facts) as other:
        while await other.store.read(redeliveries.next_due_at) is not None:
            await step(other)
            clock.pass_(SECOND)


async def test_its_beginning_and_end_are_told(database_url: str, clock: SteppedClock) -> None:
    facts: list[Fact] = []
    database = opened(database_url)
    await database.write(history)
    turn(clock, NOW)
    async with acting(database, clock, facts) as ctx:
        job = await bulk_redelivery.start(ctx, Selection())
        await bulk_redelivery.cancel(ctx, job.id)
    await database.close()

    told = [fact for fact in facts if isinstance(fact, RedeliveryStarted | RedeliveryEnded)]
    assert told == [RedeliveryStarted(job.id, FAILED), RedeliveryEnded(job.id, "cancelled", 0)]
