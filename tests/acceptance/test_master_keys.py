"""Master keys, rotated while things happen: a kill in the middle, services at work, secrets swapped in the database."""

import asyncio
import base64
import os
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from chaos.services import FaultyInstallation
from support.certificates import Authority
from support.house import House, Partner, open_house, settings_for
from support.https_receiver import HttpsReceiver
from support.platform_client import JsonObject, Platform, platform
from support.postgresql import Cluster
from support.service import ApiKey, Installation
from support.vendor_client import VendorAnswer, VendorClient
from tidings_receiver import verify

pytestmark = pytest.mark.asyncio(loop_scope="session")

KILLED = -9
KEYS = 250
AT_ONCE = 50
QUICK = {"TIDINGS_RETRY_BASE": "0.2", "TIDINGS_RETRY_WINDOW": "3", "TIDINGS_ATTEMPT_TIMEOUT": "2", "TIDINGS_LEASE": "4"}


NAMED_BY = {"webhooks": "id", "api_keys": "partner_id"}


def new_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


async def standing(installation: Installation) -> list[int]:
    """Return how many secrets are under each key, the newest first; all of them open."""
    document = await installation.ask("keyring", "status")
    assert document["unopened_count"] == 0
    assert all(key["secrets"] == key["opened"] for key in document["keys"])
    return [key["secrets"] for key in document["keys"]]


@dataclass(frozen=True)
class Home:
    """An installation on one of the databases, sealed under its first master key."""

    installation: FaultyInstallation
    first: str
    processes: int

    async def prepare(self) -> str:
        """Make the schema, and return a token."""
        assert (await self.installation.run("migrate")).status == 0
        return await self.installation.create_token("platform")

    def having(self, *keys: str) -> FaultyInstallation:
        return replace(self.installation, settings={**self.installation.settings, "TIDINGS_MASTER_KEY": ",".join(keys)})


@pytest.fixture(params=["sqlite", "postgresql"])
def home(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    authority: Authority,
    own_receiver: HttpsReceiver,
    durable_server: Cluster,
) -> Home:
    first = new_key()
    shared = request.param == "postgresql"
    on = {"TIDINGS_DATABASE_URL": durable_server.create()} if shared else {}
    settings = {**settings_for(tmp_path, authority, own_receiver), **QUICK, **on, "TIDINGS_MASTER_KEY": first}
    return Home(FaultyInstallation(folder=tmp_path, settings=settings), first, processes=2 if shared else 1)


async def make_keys(client: Platform, partner: str) -> list[ApiKey]:
    """Make enough API keys that they take several batches."""
    path = f"/platform/v1/partners/{partner}/keys"
    made: list[ApiKey] = []
    for _ in range(KEYS // AT_ONCE):
        answers = await asyncio.gather(*(client.http.post(path) for _ in range(AT_ONCE)))
        results = [answer.json()["result"] for answer in answers]
        made += [ApiKey(key=result["api_key"], secret=result["api_secret"]) for result in results]
    return made


async def test_a_rotation_that_is_killed_is_finished_by_the_next_one(home: Home) -> None:
    token = await home.prepare()
    service = await home.installation.serve()
    async with platform(service.url, token) as client:
        await client.create_partner("acme")
        keys = await make_keys(client, "acme")
    await service.stop()
    second = new_key()
    both = home.having(second, home.first)

    killed = await both.having("--kill", "before_reseal_commit:2", "--armed").run("keyring", "rotate")
    halfway = await standing(both)
    finished = await both.ask("keyring", "rotate")
    again = await both.ask("keyring", "rotate")

    total = KEYS + 1
    assert killed.status == KILLED
    assert halfway[0] > 0 < halfway[1]
    assert sum(halfway) == total
    assert (finished["sealed"], again["sealed"]) == (halfway[1], 0)
    assert await standing(both) == [total, 0]
    service = await home.having(second).serve()
    answers = [await VendorClient(port=service.port, api_key=key).call("GET", "/b2b/webhooks") for key in keys[::50]]
    await service.stop()
    assert {answer.status for answer in answers} == {200}


@dataclass(frozen=True)
class Bustle:
    """What partners and operators do while the master keys are rotated."""

    house: House
    partners: list[Partner]
    secrets: dict[str, list[str]]

    async def go_on(self, until: asyncio.Event) -> None:
        while not until.is_set():
            for partner in self.partners:
                await self.house.publish(partner)
                await self._new_secret(partner)
                await self._new_key_and_none(partner)

    async def _new_secret(self, partner: Partner) -> None:
        path = f"/platform/v1/webhooks/{partner.webhook}/rotate-secret"
        answer = await self.house.platform.http.post(path, json={"overlap_seconds": 60})
        assert answer.is_success, answer.text
        self.secrets[partner.path].append(answer.json()["result"]["secret"])

    async def _new_key_and_none(self, partner: Partner) -> None:
        path = f"/platform/v1/partners/{partner.name}/keys"
        made = await self.house.platform.http.post(path)
        revoked = await self.house.platform.http.delete(f"{path}/{made.json()['result']['api_key']}")
        assert revoked.is_success, revoked.text


async def partners_under_the_first_key(home: Home, token: str, receiver: HttpsReceiver) -> list[Partner]:
    service = await home.installation.serve()
    async with platform(service.url, token) as client:
        house = House(installation=home.installation, service=service, platform=client, receiver=receiver)
        partners = [await house.partner() for _ in range(3)]
        await make_keys(client, partners[0].name)
    await service.stop()
    return partners


async def test_services_go_on_while_everything_is_sealed_anew(home: Home, own_receiver: HttpsReceiver) -> None:
    second = new_key()
    token = await home.prepare()
    both = home.having(second, home.first)
    partners = await partners_under_the_first_key(home, token, own_receiver)
    services = [await both.serve() for _ in range(home.processes)]
    async with platform(services[-1].url, token) as client:
        house = House(installation=both, service=services[-1], platform=client, receiver=own_receiver)
        bustle = Bustle(house, partners, {partner.path: [partner.secret] for partner in partners})
        done = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(bustle.go_on(done))
            rotated = [await both.ask("keyring", "rotate") for _ in range(2)]
            done.set()
        await client.until_none("pending", "in_flight")
        states = Counter(delivery["state"] for delivery in await client.deliveries())
    for service in services:
        await service.stop()

    assert rotated[0]["sealed"] >= KEYS
    assert all(one["settled"] and not one["unopened_count"] for one in rotated)
    assert (await standing(both))[1:] == [0]
    assert await standing(home.having(second))
    assert states.keys() == {"delivered"}
    assert states["delivered"] == len(own_receiver.requests) >= len(partners)
    for request in own_receiver.requests:
        verify(request.body, request.header("X-Signature"), bustle.secrets[request.path])


def sealed_places(partners: list[Partner]) -> list[tuple[str, str]]:
    """Return table and name of the rows that hold the partners' secrets, tables apart."""
    webhooks = [("webhooks", partner.webhook) for partner in partners]
    return webhooks + [("api_keys", partner.name) for partner in partners]


def read(database: Path, table: str, row: str) -> str:
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        found = connection.execute(f"SELECT sealed_secret FROM {table} WHERE {NAMED_BY[table]} = ?", (row,)).fetchone()
        return str(found[0])


def write(database: Path, texts: dict[tuple[str, str], str]) -> None:
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        for (table, row), text in texts.items():
            connection.execute(f"UPDATE {table} SET sealed_secret = ? WHERE {NAMED_BY[table]} = ?", (text, row))


def tampered(texts: list[str]) -> list[str]:
    """Swap the first two, cut the third, name another key in the fourth, make nonsense of the fifth."""
    one, two, three, four, _five, *rest = texts
    form, _, body = four.split(".")
    return [two, one, three[:-8], f"{form}.00000000.{body}", "junk \u2603 \n", *rest]


async def tried(house: House, partners: list[Partner]) -> tuple[list[VendorAnswer], list[JsonObject]]:
    """Call the API as each partner, and publish an event for each; return the answers and the ended deliveries."""
    answers = [await partner.client.call("GET", "/b2b/webhooks") for partner in partners]
    names = [await house.publish(partner) for partner in partners]
    return answers, [await house.platform.until_ended(name) for name in names]


async def test_what_was_tampered_with_opens_nowhere_and_troubles_nobody_else(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    async with open_house(tmp_path, authority, QUICK, receiver=own_receiver) as house:
        partners = [await house.partner() for _ in range(6)]
        database = house.installation.database
        before = {(table, row): read(database, table, row) for table, row in sealed_places(partners)}
        texts = list(before.values())
        write(database, dict(zip(before, tampered(texts[:6]) + tampered(texts[6:]), strict=True)))
        called, ended = await tried(house, partners)
        status = await house.installation.run("keyring", "status")
        arrived = [len(house.received(partner)) for partner in partners]
        write(database, before)
        healed, again = await tried(house, partners)
        log = house.service.stderr

    assert [answer.status for answer in called] == [500] * 5 + [200]
    assert all(answer.document["error"] == ["EGeneral:Internal error"] for answer in called[:5])
    assert [view["delivery"]["state"] for view in ended] == ["failed"] * 5 + ["delivered"]
    for view in ended[:5]:
        assert len(view["attempts"]) > 1
        assert {attempt["outcome"] for attempt in view["attempts"]} == {"internal_error"}
        assert {attempt["signature"] for attempt in view["attempts"]} == {None}
    assert arrived == [0] * 5 + [1]
    assert (status.status, "and 9 more" in status.stderr) == (1, True)
    assert {answer.status for answer in healed} == {200}
    assert {view["delivery"]["state"] for view in again} == {"delivered"}
    assert "Traceback" not in log + status.stderr
