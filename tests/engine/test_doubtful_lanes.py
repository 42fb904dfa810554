"""Webhooks that never answer leave half of the slots to one that does, before any of their attempts has ended (G7)."""

import asyncio

from support.certificates import Authority
from support.https_receiver import OK, Answer, HttpsReceiver
from support.stepped_clock import SteppedClock
from support.waiting import until
from support.workplace import Terms, listening, workplace
from tidings.core.instants import SECOND
from tidings.store.database import Database

SLOTS, LANE, FIRST = 8, 4, 2
SILENT = [f"silent-{number}" for number in range(SLOTS)]


async def test_silent_webhooks_leave_half_of_the_slots_to_a_healthy_one(
    database: Database, clock: SteppedClock, receiver: HttpsReceiver, authority: Authority
) -> None:
    never, hold = asyncio.Event(), asyncio.Event()

    def open_at_silent() -> int:
        return sum(receiver.open[f"/{name}"] for name in SILENT)

    async with workplace(
        database, clock, receiver, authority, Terms(slots=SLOTS, lane_limit=LANE, first=FIRST)
    ) as work:
        # What a lane may have in flight grows by one with each success.
        known = LANE - FIRST
        await work.partner("healthy", *[OK] * known, Answer(after=hold))
        work.engine.start(work.ctx, listen=listening(database))
        for _ in range(known):
            await work.until_ended(*await work.publish("healthy"))
        for name in SILENT:
            await work.partner(name, Answer(after=never))
            await work.publish(name, 10)
        await until(lambda: open_at_silent() == SLOTS // 2)
        clock.pass_(SECOND)
        names = await work.publish("healthy", 40)
        await until(lambda: receiver.open["/healthy"] == LANE)
        silent_meanwhile = open_at_silent()
        hold.set()
        ended = await work.until_ended(*names)
        silent_afterwards, load = open_at_silent(), work.engine.load()

    assert {(one.state, one.attempts) for one in ended} == {("delivered", 1)}
    assert (silent_meanwhile, silent_afterwards) == (SLOTS // 2, SLOTS // 2)
    assert load.in_flight == SLOTS // 2
    assert len(receiver.requests) == known + 40 + SLOTS // 2
