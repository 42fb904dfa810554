"""Fresh deliveries are handed over while there is room for all, and wait their turn behind lanes that wait already."""

import asyncio

from support.certificates import Authority
from support.https_receiver import Answer, HttpsReceiver
from support.stepped_clock import SteppedClock
from support.workplace import Terms, Workplace, listening, workplace
from tidings.core.delivery import Move
from tidings.core.instants import SECOND
from tidings.store.database import Database
from tidings.telemetry.facts import AttemptEnded, CommitEnded

WAITING = 12


def moved(work: Workplace, move: Move) -> int:
    return sum(commit.moves.get(move, 0) for commit in work.told(CommitEnded))


async def test_a_fresh_delivery_does_not_overtake_what_waits_in_other_lanes_while_slots_are_short(
    database: Database, clock: SteppedClock, receiver: HttpsReceiver, authority: Authority
) -> None:
    hold = asyncio.Event()
    # With a single slot, the order of the requests is the order of the claims.
    async with workplace(database, clock, receiver, authority, Terms(slots=1)) as work:
        waiting = [f"waiting-{number}" for number in range(WAITING)]
        for name in waiting:
            await work.partner(name, Answer(after=hold))
            await work.publish(name)
        await work.partner("fresh")
        clock.pass_(SECOND)
        work.engine.start(work.ctx, listen=listening(database))
        await receiver.until(lambda: len(receiver.requests) == 1)
        hold.set()
        published = 0
        # All the while slots come free: each of these could take one before the next lane does.
        while len(work.told(AttemptEnded)) < WAITING:
            published += len(await work.publish("fresh"))
        await work.until_told(AttemptEnded, times=WAITING + published)
        order = [request.path.removeprefix("/") for request in receiver.requests]

    assert published
    assert sorted(order[:WAITING]) == sorted(waiting)
    assert order[WAITING:] == ["fresh"] * published


async def test_a_fresh_delivery_is_handed_over_while_nothing_waits(work: Workplace, database: Database) -> None:
    await work.partner("acme")
    work.engine.start(work.ctx, listen=listening(database))
    (first,) = await work.publish("acme")
    await work.until_ended(first)
    (second,) = await work.publish("acme")
    await work.until_ended(second)

    assert moved(work, Move.QUEUED) + moved(work, Move.HANDED_OVER) == 2
    # The first may have come before this process knew its share of the lanes.
    assert moved(work, Move.HANDED_OVER) >= 1
    assert moved(work, Move.CLAIMED) == moved(work, Move.QUEUED)


async def test_a_lane_at_its_limit_is_handed_nothing_more(work: Workplace, database: Database) -> None:
    hold = asyncio.Event()
    await work.partner("acme", Answer(after=hold))
    work.engine.start(work.ctx, listen=listening(database))
    names = await work.publish("acme", 20)
    await work.receiver.until_received(4, "/acme")
    states = await work.states()
    hold.set()
    ended = await work.until_ended(*names)

    assert states == {"in_flight": 4, "pending": 16}
    assert {(one.state, one.attempts) for one in ended} == {("delivered", 1)}
    assert work.receiver.most_open["/acme"] <= 4
