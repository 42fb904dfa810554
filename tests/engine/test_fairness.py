"""One webhook's backlog is not the others' wait; what is fresh waits behind what waits."""

import asyncio

from support.https_receiver import Answer
from support.workplace import Workplace, listening
from tidings.store.database import Database

BACKLOG = 600


async def test_a_webhook_with_a_long_queue_leaves_the_others_their_turn(work: Workplace, database: Database) -> None:
    await work.partner("huge", Answer(after=asyncio.Event()))
    others = [f"small-{number}" for number in range(5)]
    for name in others:
        await work.partner(name)
    await work.publish("huge", BACKLOG)
    names = [(await work.publish(name))[0] for name in others]
    work.engine.start(work.ctx, listen=listening(database))
    delivered = await work.until_ended(*names)

    assert {one.state for one in delivered} == {"delivered"}
    # Its lane's limit, and no more, although it was due before all others.
    assert len(work.receiver.at("/huge")) <= 4
    assert (await work.states())["pending"] >= BACKLOG - 4


async def test_every_delivery_of_a_backlog_arrives_once(work: Workplace, database: Database) -> None:
    await work.partner("acme")
    names = await work.publish("acme", 120)
    work.engine.start(work.ctx, listen=listening(database))
    await work.receiver.until_received(120, "/acme")
    ended = await work.until_ended(*names)

    assert {(one.state, one.attempts) for one in ended} == {("delivered", 1)}
    assert len(work.receiver.at("/acme")) == 120
