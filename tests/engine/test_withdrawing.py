"""A webhook with a long queue is paused at once; what waits ends soon, and nothing of it is attempted."""

import asyncio

import pytest
from sqlalchemy import func, select

from support.https_receiver import OK, Answer
from support.waiting import until
from support.workplace import Workplace, listening
from tidings.actions import partners, webhooks
from tidings.actions.accounting import how_things_stand
from tidings.actions.webhooks import Change
from tidings.actions.withdrawing import MOST_AT_ONCE
from tidings.core.model import State
from tidings.store import tables
from tidings.store.database import Database

COUNT = 2 * MOST_AT_ONCE + 500


async def ended(work: Workplace) -> dict[str, int]:
    return await work.states()


async def until_all_cancelled(work: Workplace) -> None:
    while (await ended(work)).get("pending"):
        seen = len(work.facts)
        await until(lambda: len(work.facts) > seen)  # noqa: B023 - asked before it changes


async def pause(work: Workplace, how: str, webhook: str) -> None:
    if how == "disable":
        await work.disable("acme", webhook)
    elif how == "delete":
        await webhooks.delete(work.ctx, "acme", webhook)
    else:
        await partners.disable(work.ctx, "acme")


@pytest.mark.parametrize("how", ["disable", "delete", "disable the partner"])
async def test_what_is_left_after_the_answer_is_never_attempted_and_ends_cancelled(
    work: Workplace, database: Database, how: str
) -> None:
    webhook = await work.partner("acme")
    await work.publish("acme", COUNT)
    await pause(work, how, webhook)
    at_once = await ended(work)
    work.engine.start(work.ctx, listen=listening(database))
    await until_all_cancelled(work)
    standing = await how_things_stand(work.ctx)

    assert at_once == {"pending": COUNT - MOST_AT_ONCE, "cancelled": MOST_AT_ONCE}
    assert await ended(work) == {"cancelled": COUNT}
    assert work.receiver.requests == []
    assert (standing.tallied[State.CANCELLED], standing.unaccounted) == (COUNT, 0)


async def test_a_short_queue_ends_with_the_answer(work: Workplace) -> None:
    webhook = await work.partner("acme")
    await work.publish("acme", 20)
    await work.disable("acme", webhook)

    assert await ended(work) == {"cancelled": 20}


async def enable(work: Workplace, how: str, webhook: str) -> None:
    if how == "disable":
        await webhooks.update(work.ctx, "acme", webhook, Change(enabled=True))
    else:
        await partners.enable(work.ctx, "acme")


@pytest.mark.parametrize("how", ["disable", "disable the partner"])
@pytest.mark.parametrize(("status", "state"), [(500, State.CANCELLED), (200, State.DELIVERED)])
async def test_what_is_in_flight_has_no_other_attempt_though_its_webhook_is_enabled_again_meanwhile(
    work: Workplace, database: Database, how: str, status: int, state: State
) -> None:
    gate = asyncio.Event()
    webhook = await work.partner("acme", Answer(status=status, after=gate), OK)
    work.engine.start(work.ctx, listen=listening(database))
    (before,) = await work.publish("acme")
    await work.receiver.until(lambda: len(work.receiver.requests) == 1)
    await pause(work, how, webhook)
    await enable(work, how, webhook)
    gate.set()
    (ended_then,) = await work.until_ended(before)
    (after,) = await work.publish("acme")
    (ended_now,) = await work.until_ended(after)
    standing = await how_things_stand(work.ctx)

    assert (ended_then.state, ended_then.attempts) == (state, 1)
    assert ended_now.state is State.DELIVERED
    assert len(work.receiver.requests) == 2
    assert standing.unaccounted == 0


@pytest.mark.parametrize("how", ["disable", "disable the partner"])
async def test_enabling_again_ends_what_waited_before_and_delivers_what_comes_after(
    work: Workplace, database: Database, how: str
) -> None:
    webhook = await work.partner("acme")
    await work.publish("acme", COUNT)
    await pause(work, how, webhook)
    await enable(work, how, webhook)
    before = await ended(work)
    work.engine.start(work.ctx, listen=listening(database))
    fresh = await work.publish("acme", 3)
    await work.until_ended(*fresh)

    assert before == {"cancelled": COUNT}
    assert await ended(work) == {"cancelled": COUNT, "delivered": 3}
    assert len(work.receiver.requests) == 3


async def test_other_webhooks_are_served_meanwhile(work: Workplace, database: Database) -> None:
    webhook = await work.partner("acme")
    await work.partner("globex")
    await work.publish("acme", COUNT)
    await work.disable("acme", webhook)
    work.engine.start(work.ctx, listen=listening(database))
    (name,) = await work.publish("globex")
    (delivered,) = await work.until_ended(name)
    await until_all_cancelled(work)

    assert delivered.state == "delivered"
    assert len(work.receiver.requests) == 1


async def test_a_webhook_is_marked_only_as_long_as_something_is_left(work: Workplace, database: Database) -> None:
    webhook = await work.partner("acme")
    marked = select(func.count()).select_from(tables.webhooks).where(tables.webhooks.c.withdrawing)
    await work.publish("acme", COUNT)
    await work.disable("acme", webhook)
    before = await database.read(lambda connection: connection.execute(marked).scalar_one())
    work.engine.start(work.ctx, listen=listening(database))
    await until_all_cancelled(work)
    after = await database.read(lambda connection: connection.execute(marked).scalar_one())

    assert (before, after) == (1, 0)
