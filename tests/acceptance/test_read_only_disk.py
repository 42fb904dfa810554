"""A disk that takes no writes any more (G14): refused at the start, an outage in between, and nothing is lost by it."""

import asyncio
import os
import sys
from pathlib import Path

import httpx
import pytest

from support.certificates import Authority
from support.event_samples import marked
from support.failing_disk import on_failing_disk
from support.house import House, Partner, marker, open_house_of, settings_for
from support.https_receiver import HttpsReceiver
from support.platform_client import JsonObject
from support.service import Installation

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(os.geteuid() != 0, reason="a disk of its own needs root: run the tests as root"),
]
NOBODY = 65534


async def looked_at(house: House, delivery: str) -> tuple[list[int], JsonObject]:
    """Return how pages answer while nothing can be written, and what is shown of a delivery."""
    pages = [await house.platform.http.get(path) for path in ("/healthz", "/console/login", "/platform/v1/events")]
    return [page.status_code for page in pages], await house.platform.delivery(delivery)


async def refused_to(house: House, partner: Partner) -> list[httpx.Response]:
    return [await house.platform.try_publish({"partner": partner.name, "payload": marked(marker())}) for _ in range(3)]


def assert_unavailable(answers: list[httpx.Response]) -> None:
    assert [one.status_code for one in answers] == [503] * len(answers)
    assert all(int(one.headers["Retry-After"]) >= 1 for one in answers)


async def test_a_disk_that_becomes_read_only_is_an_outage_until_it_is_mended_and_nothing_is_lost(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    settings = settings_for(tmp_path, authority, own_receiver)
    async with on_failing_disk(tmp_path, settings) as disk, open_house_of(disk, own_receiver) as house:
        partner = await house.partner()
        before = await house.platform.until_ended(await house.publish(partner))
        disk.fail()
        refused = await refused_to(house, partner)
        pages, shown = await looked_at(house, before["delivery"]["id"])
        stopped = await house.service.stop()
        disk.mend()
        await house.restart()
        after = await house.platform.until_ended(await house.publish(partner))
        kept = await house.platform.deliveries()

    assert_unavailable(refused)
    assert pages == [200] * 3
    assert shown == before
    assert stopped == 0
    assert [one["id"] for one in kept] == [after["delivery"]["id"], before["delivery"]["id"]]
    assert len(own_receiver.requests) == len(kept)


async def test_a_file_that_takes_no_writes_for_a_while_is_an_outage_that_ends_by_itself(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    settings = settings_for(tmp_path, authority, own_receiver)
    async with on_failing_disk(tmp_path, settings) as disk, open_house_of(disk, own_receiver) as house:
        partner = await house.partner()
        before = await house.platform.until_ended(await house.publish(partner))
        disk.forbid_writes()
        refused = await refused_to(house, partner)
        pages, shown = await looked_at(house, before["delivery"]["id"])
        disk.allow_writes()
        after = await house.platform.until_ended(await house.publish(partner))
        kept = await house.platform.deliveries()

    assert_unavailable(refused)
    assert pages == [200] * 3
    assert shown == before
    assert [one["id"] for one in kept] == [after["delivery"]["id"], before["delivery"]["id"]]
    assert len(own_receiver.requests) == len(kept)


async def test_a_service_does_not_start_on_a_disk_that_is_read_only_and_does_when_it_is_not(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    settings = settings_for(tmp_path, authority, own_receiver)
    async with on_failing_disk(tmp_path, settings) as disk, open_house_of(disk, own_receiver) as house:
        delivered = await house.platform.until_ended(await house.publish(await house.partner()))
        await house.service.stop()
        disk.make_read_only()
        answers = [await disk.run(*command) for command in (("serve", "--port", "0"), ("check",), ("migrate",))]
        disk.make_writable()
        await house.restart()
        shown = await house.platform.delivery(delivered["delivery"]["id"])

    for refused in answers:
        assert refused.status == 1
        (line,) = refused.stderr.strip().splitlines()
        assert line.endswith("is not writable for this user, or its file system is mounted read-only")
    assert shown == delivered


@pytest.mark.parametrize("what", ["file", "folder"])
async def test_a_service_does_not_start_where_its_user_may_not_write(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    installation = Installation(tmp_path, {"TIDINGS_DATABASE_URL": f"sqlite:///{folder / 'tidings.db'}"})
    assert (await installation.run("migrate")).status == 0
    place = {"file": folder / "tidings.db", "folder": folder}[what]
    os.chown(place, NOBODY, NOBODY)
    place.chmod(0o555)
    # Root as any other user: without the right to pass over what a file's mode says.
    refused = await asyncio.create_subprocess_exec(
        *("setpriv", "--bounding-set=-dac_override,-dac_read_search", sys.executable, "-m", "tidings", "serve"),
        env=installation.environment(),
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await refused.communicate()

    assert refused.returncode == 1, said
    (line,) = said.decode().splitlines()
    assert line.endswith(f"{place} is not writable for this user, or its file system is mounted read-only")
