"""A backup taken while the service runs, brought back beside its master key, goes on where it was (docs/operations)."""

import base64
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.certificates import Authority
from support.house import House, Partner, open_house, settings_for
from support.https_receiver import OK, Answer, HttpsReceiver
from support.platform_client import JsonObject, platform
from support.postgresql import Cluster, dump, restore
from support.service import Installation
from support.vendor_client import VendorClient

pytestmark = pytest.mark.asyncio(loop_scope="session")

SETTINGS = {"TIDINGS_RETRY_BASE": "2", "TIDINGS_RETRY_CAP": "2", "TIDINGS_ATTEMPT_TIMEOUT": "5", "TIDINGS_LEASE": "8"}
MASTER_KEY = base64.b64encode(bytes(range(32))).decode()


async def _an_ended_and_a_waiting_delivery(house: House) -> tuple[Partner, str]:
    """Return a partner with one delivery that arrived, and one that waits for its next attempt."""
    partner = await house.partner(OK, Answer(status=500), OK)
    await house.platform.until_ended(await house.publish(partner))
    waiting = await house.publish(partner)
    await house.platform.until(waiting, lambda view: view["delivery"]["last_status"] == 500)
    return partner, waiting


async def _gone_on(
    installation: Installation, token: str, partner: Partner, *, waiting: str, url: str
) -> tuple[JsonObject, int]:
    """Serve what was brought back; return how the waiting delivery ended, and what a second register is answered."""
    service = await installation.serve()
    try:
        async with platform(service.url, token) as client:
            view = await client.until_ended(waiting)
        program = VendorClient(port=service.port, api_key=partner.client.api_key)
        again = await program.call("POST", "/b2b/webhooks", {"url": url})
    finally:
        await service.stop()
    return view, again.status


async def test_a_copy_of_the_sqlite_file_and_its_key_is_enough(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    async with open_house(tmp_path, authority, SETTINGS, receiver=own_receiver) as house:
        partner, waiting = await _an_ended_and_a_waiting_delivery(house)
        database, token = house.installation.database, house.platform.http.headers["Authorization"].split()[1]
        with closing(sqlite3.connect(database)) as live, closing(sqlite3.connect(elsewhere / database.name)) as copy:
            live.backup(copy)
        shutil.copy2(f"{database}.key", elsewhere)
        await house.service.kill()

    settings = {**settings_for(elsewhere, authority, own_receiver), **SETTINGS}
    view, status = await _gone_on(
        Installation(elsewhere, settings), token, partner, waiting=waiting, url=own_receiver.url("/again")
    )

    assert view["delivery"]["state"] == "delivered"
    assert [attempt["http_status"] for attempt in view["attempts"]] == [500, 200]
    assert status == 409


async def test_a_dump_of_postgresql_and_the_master_key_are_enough(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver, durable_server: Cluster
) -> None:
    first = durable_server.create()
    settings = {**SETTINGS, "TIDINGS_DATABASE_URL": first, "TIDINGS_MASTER_KEY": MASTER_KEY}
    assert (await Installation(tmp_path, settings).run("migrate")).status == 0
    async with open_house(tmp_path, authority, settings, receiver=own_receiver) as house:
        partner, waiting = await _an_ended_and_a_waiting_delivery(house)
        token = house.platform.http.headers["Authorization"].split()[1]
        dumped = dump(first)
        await house.service.kill()

    assert dumped is not None
    second = durable_server.create()
    restore(second, dumped)
    moved = {**settings_for(tmp_path, authority, own_receiver), **settings, "TIDINGS_DATABASE_URL": second}
    view, status = await _gone_on(
        Installation(tmp_path, moved), token, partner, waiting=waiting, url=own_receiver.url("/again")
    )

    assert view["delivery"]["state"] == "delivered"
    assert [attempt["http_status"] for attempt in view["attempts"]] == [500, 200]
    assert status == 409
