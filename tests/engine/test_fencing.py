"""A worker whose lease was taken records nothing, whatever its receiver answered (G6)."""

import asyncio

import pytest

from support.certificates import Authority
from support.https_receiver import OK, Answer, HttpsReceiver
from support.lost_leases import run_out
from support.stepped_clock import SteppedClock
from support.workplace import Terms, listening, workplace
from tidings.actions.accounting import how_things_stand
from tidings.core.model import State
from tidings.store.database import Database
from tidings.telemetry.facts import AttemptEnded, LeaseLost, LeasesRescued

# With its only slot taken, the late one cannot be the next one too.
LATE = Terms(slots=1, lane_limit=2)
NEXT = Terms(slots=4, lane_limit=2)


@pytest.mark.parametrize("status", [200, 500])
async def test_a_result_that_comes_after_the_delivery_has_ended_changes_nothing(
    database: Database, clock: SteppedClock, receiver: HttpsReceiver, authority: Authority, status: int
) -> None:
    hold = asyncio.Event()
    async with workplace(database, clock, receiver, authority, LATE) as late:
        await late.partner("acme", Answer(status=status, body=b"late", after=hold), OK)
        late.engine.start(late.ctx, listen=listening(database))
        (name,) = await late.publish("acme")
        await receiver.until_received(1, "/acme")
        async with workplace(database, clock, receiver, authority, NEXT) as other:
            await database.write(lambda connection: run_out(connection, name))
            other.engine.start(other.ctx, listen=listening(database))
            (before,) = await other.until_ended(name)
            attempts_before = await other.attempts(name)
            hold.set()
            lost = await late.until_told(LeaseLost)
            after, attempts = await other.delivery(name), await other.attempts(name)
            standing = await how_things_stand(other.ctx)

    assert lost == [LeaseLost(name, 1)]
    assert late.told(AttemptEnded) == []
    assert other.told(LeasesRescued) == [LeasesRescued(1)]
    assert [(one.number, one.outcome) for one in attempts] == [(1, "lease_lost"), (2, "ok")]
    assert (attempts[0].http_status, attempts[0].signature, attempts[0].response_excerpt) == (None, None, None)
    assert (after, attempts) == (before, attempts_before)
    assert (after.state, after.attempts) == ("delivered", 2)
    assert (standing.fan_out, standing.tallied[State.DELIVERED], standing.unaccounted) == (1, 1, 0)


@pytest.mark.parametrize("status", [200, 500])
async def test_a_result_that_comes_while_the_next_attempt_is_under_way_leaves_the_end_to_that_one(
    database: Database, clock: SteppedClock, receiver: HttpsReceiver, authority: Authority, status: int
) -> None:
    hold, hold_next = asyncio.Event(), asyncio.Event()
    async with workplace(database, clock, receiver, authority, LATE) as late:
        await late.partner("acme", Answer(status=status, after=hold), Answer(status=204, body=b"", after=hold_next))
        late.engine.start(late.ctx, listen=listening(database))
        (name,) = await late.publish("acme")
        await receiver.until_received(1, "/acme")
        async with workplace(database, clock, receiver, authority, NEXT) as other:
            await database.write(lambda connection: run_out(connection, name))
            other.engine.start(other.ctx, listen=listening(database))
            await receiver.until_received(2, "/acme")
            hold.set()
            await late.until_told(LeaseLost)
            meanwhile = await other.delivery(name)
            standing_meanwhile = await how_things_stand(other.ctx)
            hold_next.set()
            (ended,) = await other.until_ended(name)
            attempts = await other.attempts(name)
            standing = await how_things_stand(other.ctx)

    assert (meanwhile.state, meanwhile.attempts, meanwhile.last_outcome) == ("in_flight", 2, "lease_lost")
    assert (standing_meanwhile.tallied[State.IN_FLIGHT], standing_meanwhile.unaccounted) == (1, 0)
    assert (ended.state, ended.attempts, ended.last_status) == ("delivered", 2, 204)
    assert [(one.outcome, one.http_status) for one in attempts] == [("lease_lost", None), ("ok", 204)]
    assert late.told(AttemptEnded) == []
    assert (standing.fan_out, standing.tallied[State.DELIVERED], standing.unaccounted) == (1, 1, 0)
