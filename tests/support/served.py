"""Both APIs on a real port, in the test's own process, on a real SQLite database and with a name server of its own.

Owns what a process without an engine is made of. Refuses to stand in for any part of it.
"""

import base64
import io
import json
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

from support.dns_server import DnsServer
from support.marked_secrets import RUN, Kind
from support.partner_client import Answered, Header, JsonObject, PartnerClient, ask
from tidings.actions import partners, tokens
from tidings.actions.context import Context, Limits, NoEngine
from tidings.clock import Clock
from tidings.core.addresses import AllowPair
from tidings.core.audit import Actor, ActorKind
from tidings.core.callback_url import EgressRules
from tidings.core.rate import Rate
from tidings.core.secret import Secret
from tidings.sender.resolver import Resolver
from tidings.sender.sender import Sender
from tidings.store import schema
from tidings.store.database import Database
from tidings.store.group_commit import GroupCommit
from tidings.store.sqlite import SqliteDatabase
from tidings.store.store import Store
from tidings.store.vault import Vault
from tidings.telemetry.facts import Fact
from tidings.telemetry.logs import log_to
from tidings.telemetry.metrics import Metrics
from tidings.web.asgi import WebSettings, build
from tidings.web.server import HttpServer

HOST = "hooks.acme.com"
"""Resolves to a public address that nobody ever calls."""
LOOPBACK_HOST = "loop.acme.com"
FORBIDDEN_HOST = "inside.acme.com"
UNKNOWN_HOST = "nowhere.acme.com"
HOSTS = (HOST, LOOPBACK_HOST, FORBIDDEN_HOST, UNKNOWN_HOST, "127.0.0.1")
TESTS = Actor(ActorKind.COMMAND_LINE, "tests", "localhost")
"""Who makes the partners and the token."""
GRACE = 5
PLENTY = Rate(1_000_000, 1_000_000)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What an installation is made with."""

    limits: Limits = field(default_factory=lambda: Limits(rate_limit=PLENTY))
    web: WebSettings = field(default_factory=lambda: WebSettings(rate_limit_address=PLENTY, metrics=_numbers))
    loopback_port: int = 1
    roots_pem: bytes | None = None
    database: Database | None = None
    """One that has its schema already; without it a SQLite file is made."""


@dataclass(frozen=True, kw_only=True)
class Served:
    """A running service: its port, its platform token and everything it said."""

    port: int
    token: str
    ctx: Context
    facts: list[Fact]
    server: HttpServer

    async def stop(self) -> None:
        """Stop answering, as the service does when it is told to end."""
        await self.server.stop(GRACE)

    async def partner(self, name: str = "acme", *, hosts: Iterable[str] = HOSTS) -> PartnerClient:
        """Make a partner and return its client."""
        made = await partners.create(self.ctx, name, name=None, allow_hosts=list(hosts))
        RUN.learn("api_secret", made.secret.reveal().decode())
        return PartnerClient(port=self.port, key=made.key, secret=made.secret.reveal().decode())

    async def platform(
        self, method: str, target: str, body: bytes = b"", *, headers: Iterable[Header] = ()
    ) -> Answered:
        """Ask the platform API, with the token."""
        bearer = ("Authorization", f"Bearer {self.token}")
        return await ask(self.port, method, target, headers=[bearer, *headers], body=body)

    async def platform_json(self, method: str, target: str, document: object = None) -> JsonObject:
        """Ask the platform API for something that succeeds."""
        answer = await self.platform(method, target, b"" if document is None else json.dumps(document).encode())
        assert answer.status in (200, 201, 202), answer
        return answer.result


async def _numbers() -> bytes:
    return b"tidings_up 1\n"


@asynccontextmanager
async def served(folder: Path, terms: Terms | None = None) -> AsyncIterator[Served]:
    """Start everything on a free port, and stop it again."""
    wanted = Terms() if terms is None else terms
    facts: list[Fact] = []
    async with DnsServer() as dns, context(folder, dns, wanted, facts) as ctx:
        # The service is given nobody's: who acts, each request must tell it.
        server = HttpServer(build(ctx, wanted.web))
        port = await server.start("127.0.0.1", 0)
        own = ctx.by(TESTS)
        token = await tokens.create(own, "tests")
        RUN.learn("token", token.token)
        try:
            yield Served(port=port, token=token.token, ctx=own, facts=facts, server=server)
        finally:
            await server.stop(GRACE)
            look_into(facts)


def look_into(facts: Iterable[Fact]) -> None:
    """Look for secrets in what a log and the metrics would say of ``facts``."""
    log, metrics = io.BytesIO(), Metrics()
    tell = log_to(log, style="json", clock=Clock())
    for fact in facts:
        tell(fact)
        metrics.read(fact)
    RUN.look_into(Kind.LOG, "log of a served API", log.getvalue())
    RUN.look_into(Kind.LOG, "metrics of a served API", metrics.exposition())


@asynccontextmanager
async def context(folder: Path, dns: DnsServer, terms: Terms, facts: list[Fact]) -> AsyncIterator[Context]:
    clock = Clock()
    dns.zone |= {HOST: ("93.184.215.14",), LOOPBACK_HOST: ("127.0.0.1",), FORBIDDEN_HOST: ("10.0.0.7",)}
    allow = (AllowPair(ip_network("127.0.0.0/8"), terms.loopback_port),)
    rules = EgressRules(ports=frozenset({443, 8443}), allow=allow)
    resolver = Resolver(servers=[dns.address], clock=clock)
    sender = Sender(rules=rules, resolver=resolver, roots_pem=terms.roots_pem, clients=8, clock=clock)
    database = terms.database or await _made(folder / "tidings.db")
    commits = GroupCommit(database, clock=clock, emit=facts.append)
    master_key = os.urandom(32)
    RUN.learn("master_key", base64.b64encode(master_key).decode())
    vault = Vault([Secret(master_key)], entropy=os.urandom)
    store = Store(database=database, commits=commits, vault=vault, clock=clock, emit=facts.append)
    try:
        yield Context(
            store=store,
            clock=clock,
            entropy=os.urandom,
            emit=facts.append,
            sender=sender,
            rules=rules,
            limits=terms.limits,
            engine=NoEngine(),
        )
    finally:
        await store.close()
        await sender.close()


async def _made(file: Path) -> Database:
    database = SqliteDatabase(file)
    await database.write(schema.bring_up_to_date)
    return database
