"""One process takes requests, another makes attempts; what wakes the second may be lost, and nothing waits for it."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from support.certificates import Authority
from support.event_samples import marked
from support.house import House, marker, settings_for
from support.https_receiver import HttpsReceiver
from support.platform_client import platform
from support.postgresql import Cluster
from support.service import Installation, Service

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def _divided(installation: Installation, receiver: HttpsReceiver) -> AsyncIterator[tuple[House, Service]]:
    """Yield a house whose service only takes requests, and the process that makes the attempts."""
    token = await installation.create_token("platform")
    front = await installation.serve("--role", "api")
    engine = await installation.serve("--role", "engine")
    try:
        async with platform(front.url, token) as client:
            yield House(installation=installation, service=front, platform=client, receiver=receiver), engine
    finally:
        await front.stop()
        await engine.stop()


async def test_what_one_process_takes_another_delivers(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver, shared_database: dict[str, str]
) -> None:
    installation = Installation(tmp_path, {**settings_for(tmp_path, authority, own_receiver), **shared_database})
    async with _divided(installation, own_receiver) as (house, engine):
        partner = await house.partner()
        view = await house.platform.until_ended(await house.publish(partner))
        async with platform(engine.url, "any") as client:
            closed = await client.try_publish({"partner": partner.name, "payload": marked(marker())})
            ready = await client.http.get("/readyz")

    assert view["delivery"]["state"] == "delivered"
    assert (closed.status_code, ready.status_code) == (404, 200)
    assert '"attempt ended"' in engine.stderr
    assert '"attempt ended"' not in house.service.stderr


async def test_what_nobody_is_woken_for_is_found_all_the_same(
    tmp_path: Path,
    authority: Authority,
    own_receiver: HttpsReceiver,
    shared_database: dict[str, str],
    durable_server: Cluster,
) -> None:
    installation = Installation(tmp_path, {**settings_for(tmp_path, authority, own_receiver), **shared_database})
    database = shared_database["TIDINGS_DATABASE_URL"].rpartition("/")[2]
    async with _divided(installation, own_receiver) as (house, _):
        partner = await house.partner()
        listeners = durable_server.control_sql(
            f"SELECT pid FROM pg_stat_activity WHERE datname = '{database}' AND query LIKE 'LISTEN%'"
        ).split()
        # Whoever serves the listening connection stands still: what it should say is not heard.
        for pid in listeners:
            os.kill(int(pid), signal.SIGSTOP)
        try:
            view = await house.platform.until_ended(await house.publish(partner))
        finally:
            for pid in listeners:
                os.kill(int(pid), signal.SIGCONT)

    assert len(listeners) == 1
    assert view["delivery"]["state"] == "delivered"
