"""What every attack finds in place: the attacker's domain, name server and receiver, the canary, and the service.

Owns how the parts are put together. Most rows share one service; a row that needs other settings opens its own.
"""

import asyncio
import base64
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from attack.hostile_dns import HostileDns, always
from attack.network import Canary
from attack.services import AttackedInstallation
from support.certificates import Authority
from support.https_receiver import HttpsReceiver
from support.marked_secrets import RUN
from support.marked_secrets import Kind as Hay
from support.partner_client import PartnerClient
from support.platform_client import JsonObject, Platform, platform
from support.postgresql import Cluster, cluster, dump
from support.service import Service, free_port

PUBLIC = "93.184.215.14"
"""An ordinary address, at which the attacker's receiver listens in the network of the attacks."""
DOMAIN = "attacker.com"
EVENT = "user.verified"
HOSTS_OF_A_PARTNER = 25
_PAUSE_S = 0.05
_numbers = itertools.count(1)
Test: TypeAlias = Callable[[JsonObject], bool]
"""Of a delivery, as the platform API shows it."""


def _is_over(delivery: JsonObject) -> bool:
    return delivery["finished_at"] is not None


class Kind(StrEnum):
    """On what the service keeps its data."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


@dataclass(frozen=True, kw_only=True)
class Hook:
    """A registered webhook on a host of its own."""

    host: str
    id: str
    partner: str
    client: PartnerClient
    secret: str = field(repr=False)


@dataclass(kw_only=True)
class Site:
    """A running service and its platform."""

    installation: AttackedInstallation
    services: list[Service]
    token: str
    platform: Platform
    url: str
    partners: dict[str, PartnerClient] = field(default_factory=dict)

    @property
    def service(self) -> Service:
        return self.services[0]

    @property
    def port(self) -> int:
        return self.service.port

    async def partner(self, *hosts: str) -> tuple[str, PartnerClient]:
        """Create a partner whose callbacks may be on ``hosts``; return its name and its program."""
        name = f"partner-{next(_numbers)}"
        key = await self.platform.create_partner(name, *hosts)
        self.partners[name] = PartnerClient(port=self.port, key=key.key, secret=key.secret)
        return name, self.partners[name]

    async def hooks(self, hosts: Sequence[str], *, each: int = HOSTS_OF_A_PARTNER) -> list[Hook]:
        """Register a webhook on each of ``hosts``, so many for each partner."""
        made = []
        for start in range(0, len(hosts), each):
            some = hosts[start : start + each]
            name, client = await self.partner(*some)
            for host in some:
                registered = await client.register(f"https://{host}/hook", enabled=True, events=[EVENT])
                webhook, secret = registered["webhook"]["id"], registered["secret"]
                made.append(Hook(host=host, id=webhook, partner=name, client=client, secret=secret))
        return made

    async def publish(self, partner: str, *, times: int = 1, until: Test = _is_over) -> list[JsonObject]:
        """Publish an event that every webhook of ``partner`` wants; return its deliveries when all are so far."""
        payload = {"event_type": EVENT, "iiban": "AA00 TEST EXAM PLE1", "timestamp": "2025-01-15T10:30:00.000000000Z"}
        for _ in range(times):
            await self.platform.publish({"partner": partner, "payload": payload})
        return await self.ended(partner, until=until)

    async def ended(self, partner: str, *, within: float = 120.0, until: Test = _is_over) -> list[JsonObject]:
        """Wait until every delivery of ``partner`` has ended, or is as far as ``until`` says; return them all."""
        limit = time.monotonic() + within
        while True:
            found = await self.platform.deliveries(partner=partner)
            if all(until(one) for one in found):
                return found
            assert time.monotonic() < limit, f"not all so far within {within} s: {found[0]}"
            await asyncio.sleep(_PAUSE_S)

    async def restart(self, **settings: str) -> None:
        """Start the first process again, with other settings beside those it had."""
        await self.services[0].stop()
        given = {**self.installation.settings, **settings}
        self.installation = replace(self.installation, settings=given)
        self.services[0] = await self.installation.serve(port=self.port)


@dataclass(kw_only=True)
class Stage:
    """The network with everything that is in it. ``bug`` weakens every service (attack/bugs.py)."""

    folder: Path
    dns: HostileDns
    canary: Canary
    authority: Authority
    receiver: HttpsReceiver
    bug: str | None
    _stack: AsyncExitStack
    _shared: Site | None = None
    _cluster: Cluster | None = None

    async def site(self) -> Site:
        """Return the service that rows share: SQLite, one process, no exceptions, no limits in the way."""
        if self._shared is None:
            self._shared = await self._stack.enter_async_context(self.own_site())
        return self._shared

    @asynccontextmanager
    async def own_site(
        self,
        settings: Mapping[str, str] | None = None,
        *,
        kind: Kind = Kind.SQLITE,
        processes: int = 1,
        forgetful: bool = True,
        arguments: Sequence[str] = (),
    ) -> AsyncIterator[Site]:
        """Run a service of one's own with ``settings`` beside the usual ones; look for secrets in what it leaves."""
        folder = self.folder / f"site-{next(_numbers)}"
        folder.mkdir()
        url = f"sqlite:///{folder / 'tidings.db'}" if kind is Kind.SQLITE else self._server().create()
        given = self._settings(url) | dict(settings or {})
        installation = AttackedInstallation(folder=folder, settings=given, bug=self.bug, forgetful=forgetful)
        if kind is Kind.POSTGRESQL:
            migrated = await installation.run("migrate")
            assert migrated.status == 0, migrated.stderr
        token = await installation.create_token("attack")
        services = await asyncio.gather(*(installation.serve(*arguments, port=free_port()) for _ in range(processes)))
        async with platform(services[0].url, token) as client:
            site = Site(installation=installation, services=services, token=token, platform=client, url=url)
            try:
                yield site
            finally:
                for service in site.services:
                    if service.running:
                        await service.stop()
        RUN.look_into_folder(folder)
        if kind is Kind.POSTGRESQL:
            self._look_into(url)

    def names(self, what: str, count: int) -> list[str]:
        """Return so many unused names of the attacker's domain, each at the receiver's address until it is told."""
        names = [f"{what}-{next(_numbers)}.{DOMAIN}" for _ in range(count)]
        self.dns.scripts |= dict.fromkeys(names, always(PUBLIC))
        return names

    def _settings(self, url: str) -> dict[str, str]:
        return {
            "TIDINGS_DATABASE_URL": url,
            "TIDINGS_MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode("ascii"),
            "TIDINGS_DNS_SERVERS": self.dns.address,
            "TIDINGS_EGRESS_CA_FILE": str(self.authority.write(self.folder)),
            "TIDINGS_RATE_LIMIT": "1000000/1000000",
            "TIDINGS_RATE_LIMIT_ADDRESS": "1000000/1000000",
            "TIDINGS_WEBHOOKS_PER_PARTNER": "1000",
            "TIDINGS_RETRY_BASE": "0.2",
            "TIDINGS_RETRY_CAP": "2",
            "TIDINGS_RETRY_WINDOW": "8",
            "TIDINGS_ATTEMPT_TIMEOUT": "4",
            "TIDINGS_LEASE": "10",
        }

    def _look_into(self, url: str) -> None:
        name = url.rpartition("/")[2]
        dumped = dump(url)
        assert dumped, f"nothing was dumped of {name}"
        RUN.look_into(Hay.DATABASE, f"PostgreSQL database {name}", dumped)
        self._server().control_sql(f"DROP DATABASE {name} WITH (FORCE)")

    def _server(self) -> Cluster:
        if self._cluster is None:
            self._cluster = self._stack.enter_context(cluster())
        return self._cluster


@asynccontextmanager
async def stage(folder: Path, *, bug: str | None) -> AsyncIterator[Stage]:
    """Set the stage in the network that this process has entered."""
    authority = Authority()
    async with AsyncExitStack() as stack:
        canary = stack.enter_context(Canary())
        dns = await stack.enter_async_context(HostileDns())
        receiver = HttpsReceiver(authority, f"*.{DOMAIN}", host=PUBLIC, port=443)
        await stack.enter_async_context(receiver)
        yield Stage(
            folder=folder,
            dns=dns,
            canary=canary,
            authority=authority,
            receiver=receiver,
            bug=bug,
            _stack=stack,
        )
