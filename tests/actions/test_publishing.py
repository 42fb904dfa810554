"""Publishing twice under one key is publishing once, in one batch and from many sides at the same moment (G2)."""

import asyncio
import json

import msgspec
import pytest
from sqlalchemy import func, select

from support.event_samples import marked
from support.workplace import Workplace
from tidings.actions import partners, publishing
from tidings.actions.context import Context
from tidings.actions.publishing import Publication
from tidings.core.instants import SECOND
from tidings.core.model import Unrouted
from tidings.errors import IdempotencyConflict, InvalidEvent
from tidings.store import tables
from tidings.store.database import Database
from tidings.store.group_commit import GroupCommit
from tidings.store.store import Store

HOUR = 3600 * SECOND


def event(marker: str, key: str | None = None, *, partner: str = "acme") -> Publication:
    return Publication(partner=partner, payload=json.dumps(marked(marker)).encode(), idempotency_key=key)


async def stored(database: Database) -> tuple[int, int]:
    """Return how many events and deliveries there are."""
    counts = [select(func.count()).select_from(table) for table in (tables.events, tables.deliveries)]
    events, deliveries = await database.read(
        lambda connection: [connection.execute(count).scalar_one() for count in counts]
    )
    return events, deliveries


def rival(work: Workplace, database: Database, number: int) -> Context:
    """Return another process on the same database: with a group commit of its own."""
    commits = GroupCommit(database, clock=work.clock, emit=work.facts.append, shard=number)
    store = Store(
        database=database, commits=commits, vault=work.ctx.store.vault, clock=work.clock, emit=work.facts.append
    )
    return msgspec.structs.replace(work.ctx, store=store)


async def test_a_key_that_comes_twice_in_one_batch_makes_one_event(work: Workplace, database: Database) -> None:
    await work.partner("acme")
    first, second = await publishing.publish(work.ctx, [event("a", "k"), event("a", "k")])

    assert (first.duplicate, second.duplicate) == (False, True)
    assert (first.id, first.deliveries) == (second.id, second.deliveries)
    assert await stored(database) == (1, 1)


async def test_a_key_with_another_payload_stores_nothing_of_its_batch(work: Workplace, database: Database) -> None:
    await work.partner("acme")
    await publishing.publish(work.ctx, [event("a", "k")])
    with pytest.raises(IdempotencyConflict):
        await publishing.publish(work.ctx, [event("b"), event("c", "k")])

    assert await stored(database) == (1, 1)


async def test_a_bad_event_stores_nothing_of_its_batch_and_leaves_the_others(
    work: Workplace, database: Database
) -> None:
    await work.partner("acme")
    found = await asyncio.gather(
        publishing.publish(work.ctx, [event("a"), event("b", partner="nobody")]),
        publishing.publish(work.ctx, [event("c")]),
        return_exceptions=True,
    )

    assert [type(one) for one in found] == [InvalidEvent, list]
    assert await stored(database) == (1, 1)


async def test_the_same_keys_from_many_publishers_at_once_make_each_event_once(
    work: Workplace, database: Database
) -> None:
    await work.partner("acme")
    batch = [event(f"m{number}", f"k{number}") for number in range(20)]
    rivals = [rival(work, database, number) for number in range(4)]
    answers = await asyncio.gather(*(publishing.publish(ctx, batch) for ctx in rivals))
    found = [[one.id for one in answer] for answer in answers]
    fresh = sum(not one.duplicate for answer in answers for one in answer)

    assert fresh == 20
    assert all(one == found[0] for one in found)
    assert await stored(database) == (20, 20)


async def test_what_is_published_for_a_disabled_partner_is_kept_with_the_reason(
    work: Workplace, database: Database
) -> None:
    await work.partner("acme")
    await partners.disable(work.ctx, "acme")
    (disabled,) = await publishing.publish(work.ctx, [event("a")])
    await partners.enable(work.ctx, "acme")
    (enabled,) = await publishing.publish(work.ctx, [event("b")])

    assert (disabled.unrouted, disabled.deliveries) == (Unrouted.PARTNER_DISABLED, ())
    assert (enabled.unrouted, len(enabled.deliveries)) == (None, 1)
    assert await stored(database) == (2, 1)


async def test_what_is_published_under_a_clock_that_is_ahead_waits_for_nobody(
    work: Workplace, database: Database
) -> None:
    await work.partner("acme")
    true_time = work.clock.steady()
    work.clock.jump(HOUR)
    await publishing.publish(work.ctx, [event("a")])
    due = await database.read(lambda connection: connection.execute(select(tables.deliveries.c.due_at)).scalar_one())

    assert due == true_time
