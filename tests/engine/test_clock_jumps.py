"""A wall clock that is set takes no lease from anybody."""

import asyncio

import pytest

from support.https_receiver import Answer
from support.workplace import Workplace, listening
from tidings.core.instants import SECOND, Span
from tidings.store.database import Database
from tidings.telemetry.facts import AttemptEnded, ClockJumped, LeasesRescued

HOUR: Span = 3_600 * SECOND


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
async def test_an_attempt_in_flight_outlives_a_jump_of_the_clock(
    work: Workplace, database: Database, jump: Span
) -> None:
    hold = asyncio.Event()
    await work.partner("acme", Answer(after=hold))
    work.engine.start(work.ctx, listen=listening(database))
    (name,) = await work.publish("acme")
    await work.receiver.until_received(1, "/acme")
    work.clock.jump(jump)
    await work.until_told(ClockJumped)
    # Two more rounds of the rescuer.
    rounds = len(work.facts)
    await asyncio.sleep(2)
    hold.set()
    (ended,) = await work.until_ended(name)

    assert len(work.facts) > rounds
    assert (ended.state, ended.attempts) == ("delivered", 1)
    assert work.told(LeasesRescued) == []
    assert [one.outcome for one in work.told(AttemptEnded)] == ["ok"]
    assert [one.by_ms for one in work.told(ClockJumped)] == [jump // 1000]


async def test_a_lease_that_runs_out_by_every_clock_is_not_taken_from_its_own_process(
    work: Workplace, database: Database
) -> None:
    hold = asyncio.Event()
    await work.partner("acme", Answer(after=hold))
    work.engine.start(work.ctx, listen=listening(database))
    (name,) = await work.publish("acme")
    await work.receiver.until_received(1, "/acme")
    work.clock.pass_(HOUR)
    await asyncio.sleep(2)
    hold.set()
    (ended,) = await work.until_ended(name)

    assert (ended.state, ended.attempts) == ("delivered", 1)
    assert work.told(LeasesRescued) == []
