"""An engine that stops claims no more, lets attempts in flight end, and gives back what it did not send."""

import asyncio

import pytest

from support.certificates import Authority
from support.https_receiver import OK, Answer, HttpsReceiver
from support.stepped_clock import SteppedClock
from support.waiting import until
from support.workplace import Workplace, listening, workplace
from tidings.actions.accounting import how_things_stand
from tidings.core.delivery import Move
from tidings.core.instants import SECOND
from tidings.core.model import Delivery, State
from tidings.engine.claiming import Claim, claim_all
from tidings.store.database import Database
from tidings.telemetry.facts import AttemptEnded, CommitEnded


async def test_an_attempt_in_flight_ends_before_the_engine_does(work: Workplace, database: Database) -> None:
    hold = asyncio.Event()
    await work.partner("acme", Answer(after=hold))
    work.engine.start(work.ctx, listen=listening(database))
    (name,) = await work.publish("acme")
    await work.receiver.until_received(1, "/acme")
    stopping = asyncio.create_task(work.engine.stop(drain_s=20))
    await asyncio.sleep(0)
    (late,) = await work.publish("acme")
    hold.set()
    await stopping

    assert (await work.delivery(name)).state == "delivered"
    assert (await work.delivery(late)).state == "pending"
    assert await work.attempts(late) == []


async def test_stopping_twice_is_stopping_once(work: Workplace, database: Database) -> None:
    work.engine.start(work.ctx, listen=listening(database))
    await work.engine.stop(drain_s=1)
    await work.engine.stop(drain_s=1)


async def test_an_engine_that_never_started_stops(work: Workplace) -> None:
    await work.engine.stop(drain_s=1)


@pytest.mark.parametrize("earlier", [0, 1])
async def test_a_lease_taken_while_the_engine_closed_is_given_back_unsent_and_delivered_by_the_next(
    database: Database, clock: SteppedClock, receiver: HttpsReceiver, authority: Authority, earlier: int
) -> None:
    async with workplace(database, clock, receiver, authority) as closing:
        webhook = await closing.partner("acme", *[Answer(status=500)] * earlier, OK)
        closing.engine.start(closing.ctx, listen=listening(database))
        # As whoever publishes does inside its transaction, which is not committed yet when the engine has stopped.
        await until(lambda: closing.engine.reserve(webhook))
        tried = await closing.publish("acme", earlier)
        await closing.until_told(AttemptEnded, times=earlier)
        await closing.engine.stop(drain_s=20)
        (name,) = tried or await closing.publish("acme")
        clock.pass_(10 * SECOND)
        before = await seen(closing, name)
        claimed = await closing.ctx.store.write(claim_all, Claim(closing.ctx, {webhook: 1}, lambda _leases: None))
        leased = await closing.delivery(name)
        closing.engine.begin(claimed.leases)
        await until(lambda: any(Move.RELEASED in one.moves for one in closing.told(CommitEnded)))
        given_back, load = await seen(closing, name), closing.engine.load()
    async with workplace(database, clock, receiver, authority) as following:
        following.engine.start(following.ctx, listen=listening(database))
        (ended,) = await following.until_ended(name)

    assert (leased.state, leased.attempts) == ("in_flight", earlier + 1)
    assert given_back == before
    assert load.in_flight == 0
    assert (ended.state, ended.attempts) == ("delivered", earlier + 1)
    assert len(receiver.requests) == earlier + 1


async def seen(work: Workplace, name: str) -> tuple[Delivery, list[int], int, int]:
    """Return a delivery, the numbers of its attempts, and how many are counted as waiting and as unaccounted for."""
    standing = await how_things_stand(work.ctx)
    numbers = [one.number for one in await work.attempts(name)]
    return await work.delivery(name), numbers, standing.tallied[State.PENDING], standing.unaccounted
