"""An engine that stops claims no more, lets attempts in flight end, and gives back what it did not send."""

import asyncio

import pytest
from sqlalchemy import Connection, update

from support.certificates import Authority
from support.https_receiver import OK, Answer, HttpsReceiver
from support.stepped_clock import START, SteppedClock
from support.workplace import Terms, Workplace, listening, workplace
from tidings.core.delivery import Move
from tidings.core.instants import SECOND
from tidings.core.model import State
from tidings.store import attempts as attempt_rows
from tidings.store import tallies
from tidings.store.attempts import BegunAttempt
from tidings.store.database import Database
from tidings.store.tables import deliveries
from tidings.telemetry.facts import AttemptEnded, LeasesRescued


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


@pytest.mark.parametrize("losses", [1, 5])
async def test_a_delivery_that_loses_its_lease_is_tried_again_until_it_has_lost_five(
    work: Workplace, database: Database, losses: int
) -> None:
    await work.partner("acme")
    (name,) = await work.publish("acme")
    await database.write(lambda connection: _lose(connection, name, before=losses - 1))
    work.engine.start(work.ctx, listen=listening(database))
    (ended,) = await work.until_ended(name)
    attempts = await work.attempts(name)

    assert len(await work.until_told(LeasesRescued)) == 1
    if losses < 5:
        assert (ended.state, [one.outcome for one in attempts]) == ("delivered", ["lease_lost", "ok"])
    else:
        assert (ended.state, ended.last_outcome) == ("failed", "lease_lost")
        assert work.receiver.requests == []


async def test_a_delivery_that_lost_its_lease_goes_before_what_became_due_later(
    database: Database, clock: SteppedClock, receiver: HttpsReceiver, authority: Authority
) -> None:
    hold = asyncio.Event()
    async with workplace(database, clock, receiver, authority, Terms(lane_limit=1)) as work:
        await work.partner("acme", Answer(after=hold), OK)
        (cut_off,) = await work.publish("acme")
        await database.write(lambda connection: _lose(connection, cut_off, before=0))
        clock.pass_(10 * SECOND)
        later = await work.publish("acme", 6)
        clock.pass_(SECOND)
        work.engine.start(work.ctx, listen=listening(database))
        await work.until_told(LeasesRescued)
        hold.set()
        await work.until_ended(cut_off, *later)
        order = [fact.delivery for fact in work.told(AttemptEnded) if fact.outcome == "ok"]

    # One of the others may have been under way before its lease was found lost.
    assert cut_off in order[:2]
    assert sorted(order) == sorted([cut_off, *later])


def _lose(connection: Connection, name: str, *, before: int) -> None:
    """Have a process that is dead hold the lease, after so many that it had lost before."""
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == name)
        .values(
            state=State.IN_FLIGHT,
            attempts=1,
            lease_token="dead",
            lease_until=START - 60 * SECOND,
            leases_lost=before,
            first_attempt_at=START,
            give_up_at=START + 300 * SECOND,
        )
    )
    attempt_rows.begin(connection, [BegunAttempt(delivery_id=name, number=1, started_at=START)])
    tallies.add(connection, {Move.CLAIMED: 1}, shard=0)
