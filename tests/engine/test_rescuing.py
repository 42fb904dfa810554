"""What was lost with its worker is offered again, or ends: each move of the rescuer, and what is told of it."""

import asyncio

import pytest

from support.certificates import Authority
from support.https_receiver import OK, Answer, HttpsReceiver
from support.lost_leases import leave
from support.stepped_clock import START, SteppedClock
from support.workplace import Terms, Workplace, listening, workplace
from tidings.actions import partners, webhooks
from tidings.actions.accounting import how_things_stand
from tidings.actions.webhooks import Change
from tidings.core.instants import SECOND
from tidings.core.model import State
from tidings.store.database import Database
from tidings.telemetry.facts import AttemptEnded, DeliveriesExpired, LeasesRescued

OUTSIDE = START - 301 * SECOND
"""So long ago that no further attempt may start."""


async def tallied(work: Workplace) -> dict[str, int]:
    """Return how many deliveries are counted in each state; what is counted is what is there."""
    standing = await how_things_stand(work.ctx)
    assert standing.unaccounted == 0
    return {state.value: count for state, count in standing.tallied.items() if count}


def told(work: Workplace) -> list[tuple[str, int, str, str]]:
    return [(one.delivery, one.number, one.outcome, one.verdict) for one in work.told(AttemptEnded)]


@pytest.mark.parametrize("lost_before", [0, 3])
async def test_a_delivery_whose_lease_ran_out_is_tried_again(
    work: Workplace, database: Database, lost_before: int
) -> None:
    await work.partner("acme")
    (name,) = await work.publish("acme")
    await database.write(lambda connection: leave(connection, name, lost_before=lost_before))
    work.engine.start(work.ctx, listen=listening(database))
    (ended,) = await work.until_ended(name)
    attempts = await work.attempts(name)
    await work.until_told(AttemptEnded, times=2)

    assert (ended.state, ended.attempts) == ("delivered", 2)
    assert [(one.number, one.outcome) for one in attempts] == [(1, "lease_lost"), (2, "ok")]
    assert sorted(told(work)) == [(name, 1, "lease_lost", "retry"), (name, 2, "ok", "delivered")]
    assert work.told(LeasesRescued) == [LeasesRescued(1)]
    assert await tallied(work) == {"delivered": 1}


@pytest.mark.parametrize(
    ("lost_before", "first_attempt_at"),
    [(4, START), (0, OUTSIDE)],
    ids=["after five lost leases", "after its window closed"],
)
async def test_a_delivery_whose_lease_ran_out_fails(
    work: Workplace, database: Database, lost_before: int, first_attempt_at: int
) -> None:
    await work.partner("acme")
    (name,) = await work.publish("acme")
    await database.write(
        lambda connection: leave(connection, name, lost_before=lost_before, first_attempt_at=first_attempt_at)
    )
    work.engine.start(work.ctx, listen=listening(database))
    (ended,) = await work.until_ended(name)
    (attempt,) = await work.attempts(name)
    await work.until_told(AttemptEnded)

    assert (ended.state, ended.last_outcome, ended.finished_at) == ("failed", "lease_lost", START)
    assert (attempt.outcome, attempt.duration_ms, attempt.http_status) == ("lease_lost", None, None)
    assert told(work) == [(name, 1, "lease_lost", "failed")]
    assert work.told(LeasesRescued) == [LeasesRescued(1)]
    assert work.receiver.requests == []
    assert await tallied(work) == {"failed": 1}


@pytest.mark.parametrize("how", ["disable", "disable and enable again", "delete", "disable the partner"])
async def test_a_delivery_whose_lease_ran_out_is_cancelled_when_nobody_wants_it_any_more(
    work: Workplace, database: Database, how: str
) -> None:
    webhook = await work.partner("acme")
    (name,) = await work.publish("acme")
    await database.write(lambda connection: leave(connection, name))
    match how:
        case "disable":
            await work.disable("acme", webhook)
        case "disable and enable again":
            await work.disable("acme", webhook)
            await webhooks.update(work.ctx, "acme", webhook, Change(enabled=True))
        case "delete":
            await webhooks.delete(work.ctx, "acme", webhook)
        case _:
            await partners.disable(work.ctx, "acme")
    before = await work.states()
    work.engine.start(work.ctx, listen=listening(database))
    (ended,) = await work.until_ended(name)
    (attempt,) = await work.attempts(name)
    await work.until_told(AttemptEnded)

    assert before == {"in_flight": 1}
    assert (ended.state, ended.last_outcome, attempt.outcome) == ("cancelled", "lease_lost", "lease_lost")
    assert told(work) == [(name, 1, "lease_lost", "cancelled")]
    assert work.receiver.requests == []
    assert await tallied(work) == {"cancelled": 1}


async def test_a_delivery_that_waits_for_its_next_attempt_fails_when_its_window_closes(
    work: Workplace, database: Database
) -> None:
    await work.partner("acme", Answer(status=500))
    work.engine.start(work.ctx, listen=listening(database))
    (name,) = await work.publish("acme")
    await work.until_told(AttemptEnded)
    waiting = await work.delivery(name)
    work.clock.pass_(301 * SECOND)
    (ended,) = await work.until_ended(name)

    assert (waiting.state, waiting.attempts) == (State.PENDING, 1)
    assert (ended.state, ended.attempts, ended.last_outcome) == ("failed", 1, "http_status")
    assert ended.finished_at == work.clock.now()
    assert await work.until_told(DeliveriesExpired) == [DeliveriesExpired(1)]
    assert len(work.receiver.requests) == 1
    assert work.told(LeasesRescued) == []
    assert await tallied(work) == {"failed": 1}


async def test_a_delivery_that_lost_its_lease_goes_before_what_became_due_later(
    database: Database, clock: SteppedClock, receiver: HttpsReceiver, authority: Authority
) -> None:
    hold = asyncio.Event()
    async with workplace(database, clock, receiver, authority, Terms(lane_limit=1)) as work:
        await work.partner("acme", Answer(after=hold), OK)
        (cut_off,) = await work.publish("acme")
        await database.write(lambda connection: leave(connection, cut_off))
        clock.pass_(10 * SECOND)
        later = await work.publish("acme", 6)
        clock.pass_(SECOND)
        work.engine.start(work.ctx, listen=listening(database))
        await work.until_told(LeasesRescued)
        hold.set()
        await work.until_ended(cut_off, *later)
        # What is committed is told a moment later.
        await work.until_told(AttemptEnded, times=2 + len(later))
        order = [fact.delivery for fact in work.told(AttemptEnded) if fact.outcome == "ok"]

    # One of the others may have been under way before its lease was found lost.
    assert cut_off in order[:2]
    assert sorted(order) == sorted([cut_off, *later])
