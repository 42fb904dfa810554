"""What lost its lease again and again is sent apart: one at a time, and waiting for none of the others (G16)."""

import asyncio

import pytest
from sqlalchemy import Connection

from support.certificates import Authority
from support.https_receiver import OK, Answer, HttpsReceiver
from support.lost_leases import leave
from support.stepped_clock import SteppedClock
from support.workplace import Terms, Workplace, listening, workplace
from tidings.core.delivery import SUSPECT_AFTER
from tidings.core.instants import SECOND, Instant
from tidings.engine import suspects
from tidings.store import leases
from tidings.store.database import Database
from tidings.store.leases import DueDelivery, Suspect
from tidings.telemetry.facts import AttemptEnded, SuspectSent

COUNT = 12
BACKLOG = 60
LANE_LIMIT = Terms().lane_limit


async def left_in_flight(work: Workplace, database: Database, *names: str, lost: int = SUSPECT_AFTER) -> None:
    """Have a process that is dead hold these deliveries: once they are rescued they have lost so many leases."""

    def leave_them(connection: Connection) -> None:
        for name in names:
            leave(connection, name, lost_before=lost - 1)

    await database.write(leave_them)
    work.engine.start(work.ctx, listen=listening(database))


@pytest.mark.parametrize(
    ("lost", "at_once"), [(SUSPECT_AFTER - 1, LANE_LIMIT), (SUSPECT_AFTER, 1), (SUSPECT_AFTER + 2, 1)]
)
async def test_what_lost_its_lease_again_and_again_is_sent_one_after_the_other(
    work: Workplace, database: Database, monkeypatch: pytest.MonkeyPatch, lost: int, at_once: int
) -> None:
    # However slow the machine is.
    monkeypatch.setattr(suspects, "PATIENCE_S", 60.0)
    await work.partner("acme", Answer(delay=0.05))
    names = await work.publish("acme", COUNT)
    await left_in_flight(work, database, *names, lost=lost)
    ended = await work.until_ended(*names)

    assert {(one.state, one.attempts) for one in ended} == {("delivered", 2)}
    assert len(work.receiver.at("/acme")) == COUNT
    assert work.receiver.most_open["/acme"] == at_once
    apart = sorted((fact.delivery, fact.number) for fact in work.told(SuspectSent))
    assert apart == ([(name, 2) for name in sorted(names)] if lost >= SUSPECT_AFTER else [])


async def test_a_suspect_whose_receiver_is_silent_holds_up_the_next_for_a_moment_only(
    work: Workplace, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suspects, "PATIENCE_S", 0.05)
    await work.partner("silent", Answer(after=asyncio.Event()))
    await work.partner("well")
    silent = await work.publish("silent")
    work.clock.pass_(SECOND)
    well = await work.publish("well", COUNT)
    await left_in_flight(work, database, *silent, *well)
    ended = await work.until_ended(*well)

    assert {one.state for one in ended} == {"delivered"}
    assert (await work.delivery(silent[0])).state == "in_flight"


async def test_suspects_of_a_lane_that_is_full_hide_none_of_another(
    database: Database,
    clock: SteppedClock,
    receiver: HttpsReceiver,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(suspects, "PATIENCE_S", 0.05)
    monkeypatch.setattr(suspects, "_MOST_LOOKED_AT", 2)
    async with workplace(database, clock, receiver, authority, Terms(lane_limit=1)) as work:
        await work.partner("silent", Answer(after=asyncio.Event()))
        await work.partner("well")
        silent = await work.publish("silent", COUNT)
        work.clock.pass_(SECOND)
        well = await work.publish("well")
        await left_in_flight(work, database, *silent, *well)
        (ended,) = await work.until_ended(*well)

    assert ended.state == "delivered"
    assert len(receiver.at("/silent")) == 1


async def test_a_suspect_gets_the_next_place_in_its_lane_though_one_before_it_waits_for_a_silent_receiver(
    database: Database,
    clock: SteppedClock,
    receiver: HttpsReceiver,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(suspects, "PATIENCE_S", 0.05)
    async with workplace(database, clock, receiver, authority, Terms(lane_limit=1)) as work:
        await work.partner("silent", Answer(after=asyncio.Event()))
        await work.partner("busy", Answer(delay=0.1))
        silent = await work.publish("silent", 2)
        await work.publish("busy", BACKLOG)
        work.clock.pass_(SECOND)
        (name,) = await work.publish("busy")
        await left_in_flight(work, database, *silent, name)
        await work.until_ended(name)
        seen = len(receiver.at("/busy"))

    assert seen < BACKLOG // 2


@pytest.mark.parametrize("terms", [Terms(slots=1, lane_limit=1), Terms(slots=16, lane_limit=1)])
async def test_a_suspect_gets_the_next_place_in_a_lane_that_is_always_full(
    database: Database, clock: SteppedClock, receiver: HttpsReceiver, authority: Authority, terms: Terms
) -> None:
    async with workplace(database, clock, receiver, authority, terms) as work:
        await work.partner("acme", Answer(delay=0.1))
        await work.publish("acme", BACKLOG)
        work.clock.pass_(SECOND)
        (name,) = await work.publish("acme")
        await left_in_flight(work, database, name)
        await work.until_ended(name)
        seen = len(receiver.at("/acme"))

    # A second at most until it is looked for, and then one attempt of another.
    assert seen < BACKLOG // 2


async def test_a_suspect_waits_for_no_slot_that_others_hold(
    database: Database, clock: SteppedClock, receiver: HttpsReceiver, authority: Authority
) -> None:
    async with workplace(database, clock, receiver, authority, Terms(slots=1, lane_limit=1)) as work:
        await work.partner("silent", Answer(after=asyncio.Event()))
        await work.partner("well")
        await work.publish("silent")
        work.engine.start(work.ctx, listen=listening(database))
        await receiver.until_received(1, "/silent")
        (name,) = await work.publish("well")
        await database.write(lambda connection: leave(connection, name, lost_before=SUSPECT_AFTER - 1))
        (ended,) = await work.until_ended(name)

    assert ended.state == "delivered"


async def test_an_attempt_that_came_to_an_end_clears_a_suspect(work: Workplace, database: Database) -> None:
    await work.partner("acme", *[Answer(status=500)] * COUNT, Answer(delay=0.05))
    names = await work.publish("acme", COUNT)
    await left_in_flight(work, database, *names)
    await work.until_told(AttemptEnded, times=2 * COUNT)
    first = work.receiver.most_open["/acme"]
    work.clock.pass_(120 * SECOND)
    ended = await work.until_ended(*names)

    assert first == 1
    assert {(one.state, one.attempts) for one in ended} == {("delivered", 3)}
    assert work.receiver.most_open["/acme"] > 1


async def test_processes_share_suspects_and_send_each_once(
    work: Workplace, other: Workplace, database: Database
) -> None:
    await work.partner("acme", OK)
    names = await work.publish("acme", 5 * COUNT)
    await left_in_flight(work, database, *names)
    other.engine.start(other.ctx, listen=listening(database))
    ended = await work.until_ended(*names)

    assert {(one.state, one.attempts) for one in ended} == {("delivered", 2)}
    assert len(work.receiver.at("/acme")) == 5 * COUNT


async def test_nothing_more_is_sent_when_the_webhook_is_disabled(
    database: Database, clock: SteppedClock, receiver: HttpsReceiver, authority: Authority
) -> None:
    hold = asyncio.Event()
    async with workplace(database, clock, receiver, authority, Terms(lane_limit=1)) as work:
        webhook = await work.partner("acme", Answer(after=hold))
        names = await work.publish("acme", COUNT)
        await left_in_flight(work, database, *names)
        await receiver.until_received(1, "/acme")
        await work.disable("acme", webhook)
        hold.set()
        ended = await work.until_ended(*names)

    assert sorted(one.state for one in ended) == ["cancelled"] * (COUNT - 1) + ["delivered"]
    assert len(receiver.at("/acme")) == 1


async def test_a_suspect_that_somebody_holds_does_not_hold_up_the_next(work: Workplace, database: Database) -> None:
    await work.partner("held")
    await work.partner("well")
    held = await work.publish("held")
    work.clock.pass_(SECOND)
    well = await work.publish("well", COUNT)
    real = leases.due_suspect

    def due_suspect(connection: Connection, suspect: Suspect, *, now: Instant) -> list[DueDelivery]:
        # As PostgreSQL answers while another session has the row locked.
        return [] if suspect.id in held else real(connection, suspect, now=now)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leases, "due_suspect", due_suspect)
        await left_in_flight(work, database, *held, *well)
        ended = await work.until_ended(*well)
        waiting = await work.delivery(held[0])
    (last,) = await work.until_ended(*held)

    assert {one.state for one in ended} == {"delivered"}
    assert (waiting.state, waiting.attempts) == ("pending", 1)
    assert last.state == "delivered"
