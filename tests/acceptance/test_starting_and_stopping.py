"""Starting and stopping, under load too: nothing is lost or doubled (G12)."""

import asyncio
import signal
import time
from pathlib import Path

import pytest

from support.certificates import Authority
from support.house import marker, open_house
from support.https_receiver import OK, Answer, HttpsReceiver
from support.ledger import Ledger
from support.persistent_publisher import PersistentPublisher
from support.service import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVENTS = 600
STOPS = 4
SETTINGS = {"TIDINGS_ATTEMPT_TIMEOUT": "5", "TIDINGS_LEASE": "8", "TIDINGS_RETRY_BASE": "0.2"}


async def test_ready_is_said_in_one_line_and_alive_and_ready_are_answered(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    async with open_house(tmp_path, authority, {}, receiver=own_receiver) as house:
        said = house.service.stdout
        alive = await house.platform.http.get("/healthz")
        ready = await house.platform.http.get("/readyz")
        status = await house.service.stop()

    assert said == [f"Tidings is ready at {house.service.url}"]
    assert (alive.status_code, ready.status_code, status) == (200, 200, 0)
    assert house.service.stdout == said


async def test_a_stop_under_load_loses_nothing_and_doubles_nothing(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    ledger = Ledger()
    statuses = []
    async with open_house(tmp_path, authority, SETTINGS, receiver=own_receiver) as house:
        partners = [(await house.partner(Answer(delay=0.05))).name for _ in range(2)]
        publisher = PersistentPublisher(house.platform, ledger, partners)
        async with asyncio.TaskGroup() as group:
            group.create_task(publisher.publish([marker() for _ in range(EVENTS)]))
            for number in range(1, STOPS + 1):
                await publisher.until_acknowledged(number * EVENTS // (STOPS + 1))
                statuses.append(await house.service.stop())
                await house.restart()
        await house.platform.until_none("pending", "in_flight")
        ledger.receive(own_receiver.requests)
        delivered = await house.platform.deliveries(state="delivered")

    assert statuses == [0] * STOPS
    assert (ledger.lost(), ledger.unheard_of()) == (set(), set())
    assert ledger.doubled().total() == 0
    assert len(delivered) == EVENTS


async def test_an_attempt_in_flight_is_finished_before_the_service_ends(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    held = asyncio.Event()
    async with open_house(tmp_path, authority, SETTINGS, receiver=own_receiver) as house:
        partner = await house.partner(Answer(after=held), OK)
        delivery = await house.publish(partner)
        await house.receiver.until_received(1, partner.path)
        house.service.send(signal.SIGTERM)
        stopping = asyncio.create_task(house.service.ended())
        held.set()
        status = await stopping
        await house.restart()
        view = await house.platform.delivery(delivery)

    assert status == 0
    assert view["delivery"]["state"] == "delivered"
    assert len(own_receiver.requests) == len(view["attempts"]) == 1


async def test_an_interrupt_from_the_terminal_stops_it_too(tmp_path: Path) -> None:
    service = await Installation(tmp_path).serve()

    service.send(signal.SIGINT)
    begun = time.monotonic()
    status = await service.ended()

    assert status == 0
    assert time.monotonic() - begun < 5
    assert "Traceback" not in service.stderr


async def test_starts_and_stops_again_and_again_with_work_done_each_time(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver, pytestconfig: pytest.Config
) -> None:
    statuses = []
    starts = pytestconfig.getoption("--starts", default=20)
    async with open_house(tmp_path, authority, SETTINGS, receiver=own_receiver) as house:
        partner = await house.partner()
        for _ in range(starts):
            await house.platform.until_ended(await house.publish(partner))
            statuses.append(await house.service.stop())
            await house.restart()

    assert statuses == [0] * starts
    assert len(own_receiver.requests) == starts
