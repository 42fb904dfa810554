"""Several processes on one PostgreSQL: together they keep to a webhook's limit on attempts in flight."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from support.certificates import Authority
from support.event_samples import marked
from support.house import House, Partner, marker, open_house
from support.https_receiver import Answer, HttpsReceiver
from support.service import Service
from support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

LIMIT = 2
# Longer than it takes a process to join: its first attempts fall into the time of the others' last ones.
SLOW = Answer(delay=4)


@pytest_asyncio.fixture(loop_scope="session")
async def shared(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver, shared_database: dict[str, str]
) -> AsyncIterator[House]:
    settings = shared_database | {
        "TIDINGS_LANE_CONCURRENCY": str(LIMIT),
        "TIDINGS_ATTEMPT_TIMEOUT": "8",
        "TIDINGS_LEASE": "10",
    }
    async with open_house(tmp_path, authority, settings, receiver=own_receiver) as house:
        yield house


async def publish_many(house: House, partner: Partner, count: int) -> None:
    await house.platform.publish(*({"partner": partner.name, "payload": marked(marker())} for _ in range(count)))


async def until_takes_part(service: Service, *, times: int = 1) -> None:
    await until(lambda: service.stderr.count('"attempt ended"') >= times, within=40)


async def test_a_process_that_joins_waits_for_what_the_others_have_in_flight(shared: House) -> None:
    partner = await shared.partner(SLOW)
    await publish_many(shared, partner, 40)
    await shared.receiver.until_received(LIMIT, partner.path)
    joiner = await shared.installation.serve("--role", "engine")
    await until_takes_part(joiner)
    most = shared.receiver.most_open[partner.path]
    await joiner.kill()

    assert most == LIMIT


async def test_a_process_that_drains_keeps_its_share_until_its_last_attempt_ended(shared: House) -> None:
    partner = await shared.partner(SLOW)
    other = await shared.installation.serve("--role", "engine")
    await publish_many(shared, partner, 40)
    await until_takes_part(other)
    await until_takes_part(shared.service)
    # Attempts last longer than the silence after which a process would count as dead.
    shared.receiver.script(partner.path, Answer(delay=7))
    seen = len(shared.received(partner))
    await shared.receiver.until_received(seen + LIMIT, partner.path)
    status = await other.stop()
    seen = len(shared.received(partner))
    await shared.receiver.until_received(seen + LIMIT, partner.path)

    assert status == 0
    assert shared.receiver.most_open[partner.path] == LIMIT


async def test_the_share_of_a_process_that_was_killed_is_used_by_the_others(shared: House) -> None:
    partner = await shared.partner(Answer(delay=1))
    other = await shared.installation.serve("--role", "engine")
    await publish_many(shared, partner, 100)
    await until_takes_part(other)
    await until_takes_part(shared.service)
    await other.kill()
    await until(lambda: shared.receiver.open[partner.path] < LIMIT)
    shared.receiver.most_open.clear()
    await until(lambda: shared.receiver.open[partner.path] == LIMIT, within=40)

    assert shared.receiver.most_open[partner.path] == LIMIT


async def test_many_processes_share_a_limit_smaller_than_their_number(shared: House) -> None:
    partner = await shared.partner(Answer(delay=0.05))
    others = [await shared.installation.serve("--role", "engine") for _ in range(2)]
    await publish_many(shared, partner, 80)
    received = await shared.receiver.until_received(80, partner.path, within=60)
    for other in others:
        await other.stop()

    assert shared.receiver.most_open[partner.path] <= LIMIT
    assert len(received) == 80
