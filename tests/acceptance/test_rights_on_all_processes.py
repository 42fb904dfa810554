"""Rights hold on every process that shares a database, and end on all of them at once."""

import base64
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from support.platform_client import Platform, platform
from support.postgresql import Cluster
from support.service import ApiKey, Installation, Service
from support.vendor_client import VendorClient

pytestmark = pytest.mark.asyncio(loop_scope="session")

MASTER_KEY = base64.b64encode(bytes(range(32))).decode()
PARTNERS = "/platform/v1/partners"
OFTEN = 25


@dataclass(frozen=True)
class Pair:
    """Two services on one PostgreSQL, and a client of each that keeps its connection."""

    installation: Installation
    services: tuple[Service, Service]
    clients: tuple[Platform, Platform]

    async def create_token(self, name: str, *scopes: str) -> str:
        options = [word for scope in scopes for word in ("--scope", scope)]
        return str((await self.installation.ask("token", "create", name, *options))["token"])

    async def statuses(self, token: str, method: str = "GET", path: str = PARTNERS) -> set[int]:
        """Ask both services, again and again, over connections that are open already."""
        found: set[int] = set()
        for _ in range(OFTEN):
            for client in self.clients:
                answer = await client.http.request(method, path, headers={"Authorization": f"Bearer {token}"})
                found.add(answer.status_code)
        return found

    async def webhook_statuses(self, key: ApiKey) -> set[int]:
        return {
            (await VendorClient(port=service.port, api_key=key).call("GET", "/b2b/webhooks")).status
            for _ in range(OFTEN)
            for service in self.services
        }


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pair(tmp_path_factory: pytest.TempPathFactory, durable_server: Cluster) -> AsyncIterator[Pair]:
    settings = {
        "TIDINGS_DATABASE_URL": durable_server.create(),
        "TIDINGS_MASTER_KEY": MASTER_KEY,
        "TIDINGS_RATE_LIMIT": "100000/100000",
    }
    folder: Path = tmp_path_factory.mktemp("pair")
    installation = Installation(folder, settings)
    assert (await installation.run("migrate")).status == 0
    token = await installation.create_token("platform")
    async with AsyncExitStack() as stack:
        one, two = await installation.serve(), await installation.serve()
        for service in (one, two):
            stack.push_async_callback(service.stop)
        clients = [await stack.enter_async_context(platform(service.url, token)) for service in (one, two)]
        yield Pair(installation, (one, two), (clients[0], clients[1]))


async def test_a_revoked_token_is_refused_by_every_process_from_the_next_request_on(pair: Pair) -> None:
    token = await pair.create_token("leaving")
    assert await pair.statuses(token) == {httpx.codes.OK}

    await pair.installation.ask("token", "revoke", "leaving")

    assert await pair.statuses(token) == {httpx.codes.UNAUTHORIZED}


async def test_a_key_revoked_at_one_process_is_refused_by_every_process(pair: Pair) -> None:
    key = await pair.clients[0].create_partner("leaving")
    assert await pair.webhook_statuses(key) == {httpx.codes.OK}

    revoked = await pair.clients[0].http.delete(f"{PARTNERS}/leaving/keys/{key.key}")

    assert revoked.status_code == httpx.codes.OK
    assert await pair.webhook_statuses(key) == {httpx.codes.UNAUTHORIZED}


async def test_a_scope_is_all_that_a_token_has_on_every_process(pair: Pair) -> None:
    token = await pair.create_token("reader", "read")

    assert await pair.statuses(token) == {httpx.codes.OK}
    assert await pair.statuses(token, "POST") == {httpx.codes.FORBIDDEN}
    assert await pair.statuses(token, path="/platform/v1/audit") == {httpx.codes.FORBIDDEN}


async def test_the_trail_of_all_processes_and_the_command_line_is_one(pair: Pair) -> None:
    key = await pair.clients[0].create_partner("told")
    await pair.clients[1].http.post(f"{PARTNERS}/told/disable")
    await pair.installation.ask("partner", "enable", "told")
    registered = await pair.clients[0].http.post(f"{PARTNERS}/told/hosts", json={"host": "hooks.acme.com"})
    assert registered.is_success
    program = VendorClient(port=pair.services[1].port, api_key=key)
    webhook = (await program.register("https://hooks.acme.com/w", events=[]))["webhook"]["id"]

    answers = [await client.http.get("/platform/v1/audit", params={"partner": "told"}) for client in pair.clients]
    shown = await pair.installation.ask("audit", "list", "--partner", "told")

    entries = answers[0].json()["result"]["entries"]
    assert answers[1].json()["result"]["entries"] == entries == shown["entries"]
    assert [(entry["action"], entry["actor"].partition(":")[0], entry["address"]) for entry in entries] == [
        ("webhook.register", "api_key", "127.0.0.1"),
        ("partner.allow_host", "token", "127.0.0.1"),
        ("partner.enable", "command_line", socket.gethostname()),
        ("partner.disable", "token", "127.0.0.1"),
        ("key.create", "token", "127.0.0.1"),
        ("partner.create", "token", "127.0.0.1"),
    ]
    assert entries[0]["subject"] == webhook
    assert entries[0]["actor"] == f"api_key:{key.key}"
