"""An engine at work in the test's own process: a real database, a real sender, a receiver that answers by script.

Owns what a process with an engine is made of. The clock and the receiver are the only ones that are not the real thing.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from support.certificates import Authority
from support.event_samples import marked
from support.https_receiver import HttpsReceiver, Reply
from support.served import TESTS
from support.stepped_clock import SteppedClock
from support.waiting import until
from tidings.actions import browsing, partners, publishing, webhooks
from tidings.actions.context import Context, Handover, Limits, NoEngine
from tidings.actions.publishing import Publication
from tidings.actions.webhooks import Change, Registration
from tidings.core.addresses import AllowPair
from tidings.core.audit import AuditAction
from tidings.core.callback_url import EgressRules
from tidings.core.catalogue import EVENT_TYPES
from tidings.core.model import Attempt, Delivery, State
from tidings.core.secret import Secret
from tidings.engine.engine import Engine, Listen
from tidings.sender.resolver import Resolver
from tidings.sender.sender import Sender
from tidings.store.database import Database
from tidings.store.dialects import is_shared
from tidings.store.group_commit import GroupCommit
from tidings.store.partitions import PARTITIONED, make_ahead
from tidings.store.store import Store
from tidings.store.tables import audit_entries, deliveries
from tidings.store.vault import Vault
from tidings.telemetry.facts import Fact

FactType = TypeVar("FactType")
PATIENCE_S = 20.0
LONGEST_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What an engine is made with."""

    slots: int = 16
    lane_limit: int = 4
    first: int = 4
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, kw_only=True)
class World:
    """What is around a process."""

    database: Database
    clock: SteppedClock
    receiver: HttpsReceiver
    authority: Authority
    facts: list[Fact]


@dataclass(kw_only=True)
class Workplace:
    """One process's parts. ``clock`` moves when the test says so."""

    ctx: Context
    engine: Engine
    clock: SteppedClock
    receiver: HttpsReceiver
    facts: list[Fact]

    async def partner(self, name: str, *replies: Reply, enabled: bool = True) -> str:
        """Make a partner whose webhook wants everything and is answered with ``replies``; return the webhook's id."""
        if replies:
            self.receiver.script(f"/{name}", *replies)
        await partners.create(self.ctx, name, name=None, allow_hosts=["127.0.0.1"])
        wanted = Registration(url=self.receiver.url(f"/{name}"), enabled=enabled, events=EVENT_TYPES)
        return (await webhooks.register(self.ctx, name, wanted)).webhook.id

    async def disable(self, name: str, webhook: str) -> None:
        await webhooks.update(self.ctx, name, webhook, Change(enabled=False))

    async def publish(self, name: str, count: int = 1) -> list[str]:
        """Publish events for a partner with one webhook; return their deliveries."""
        batch = [Publication(partner=name, payload=_payload(f"{name}-{number}")) for number in range(count)]
        return [one for published in await publishing.publish(self.ctx, batch) for one in published.deliveries]

    async def delivery(self, name: str) -> Delivery:
        return (await browsing.show_delivery(self.ctx, name)).delivery

    async def attempts(self, name: str) -> Sequence[Attempt]:
        return (await browsing.show_delivery(self.ctx, name)).attempts

    async def states(self) -> dict[str, int]:
        """Return how many deliveries are in each state, of the rows themselves."""
        asked = select(deliveries.c.state)
        rows = await self.ctx.store.read(lambda connection: connection.execute(asked).scalars().all())
        return {state.value: rows.count(state) for state in State if state in rows}

    async def audited(self, action: AuditAction) -> list[str]:
        """Return the subjects of what the audit trail says was done, in no order."""
        asked = select(audit_entries.c.subject).where(audit_entries.c.action == action)
        return list(await self.ctx.store.read(lambda connection: connection.execute(asked).scalars().all()))

    def told(self, kind: type[FactType]) -> list[FactType]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    async def until_told(self, kind: type[FactType], *, times: int = 1) -> list[FactType]:
        try:
            await until(lambda: len(self.told(kind)) >= times, within=PATIENCE_S)
        except AssertionError as error:
            error.add_note(f"never told of {kind.__name__}; told last, of {len(self.facts)} facts: {self.facts[-20:]}")
            raise
        return self.told(kind)

    async def until_ended(self, *names: str) -> list[Delivery]:
        """Wait until these deliveries are neither waiting nor in flight; return them."""
        # An engine at work always has something to tell: what never ends must fail all the same.
        async with asyncio.timeout(LONGEST_S):
            while True:
                found = [await self.delivery(name) for name in names]
                if all(one.finished_at is not None for one in found):
                    return found
                before = len(self.facts)
                await until(lambda: len(self.facts) > before, within=PATIENCE_S)  # noqa: B023 - asked before it changes


@asynccontextmanager
async def workplace(
    database: Database,
    clock: SteppedClock,
    receiver: HttpsReceiver,
    authority: Authority,
    terms: Terms | None = None,
) -> AsyncIterator[Workplace]:
    """Put the parts together; the engine is stopped at the end if the test started it."""
    wanted, facts = terms or Terms(), list[Fact]()
    engine = Engine(slots=wanted.slots, lane_limit=wanted.lane_limit, first=wanted.first)
    world = World(database=database, clock=clock, receiver=receiver, authority=authority, facts=facts)
    await database.write(lambda connection: _make_partitions(connection, clock))
    async with context(world, wanted.limits, engine) as ctx:
        try:
            yield Workplace(ctx=ctx, engine=engine, clock=clock, receiver=receiver, facts=facts)
        finally:
            await engine.stop(drain_s=0)


@asynccontextmanager
async def context(world: World, limits: Limits | None = None, engine: Handover | None = None) -> AsyncIterator[Context]:
    """Put together what actions work with. Without an engine, everything stays where it is."""
    database, clock, receiver, facts = world.database, world.clock, world.receiver, world.facts
    allow = (AllowPair(ip_network("127.0.0.1/32"), receiver.port),)
    rules = EgressRules(ports=frozenset({443}), allow=allow)
    resolver = Resolver(servers=["127.0.0.1:9"], clock=clock)
    sender = Sender(rules=rules, resolver=resolver, roots_pem=world.authority.pem, clients=8, clock=clock)
    commits = GroupCommit(database, clock=clock, emit=facts.append)
    vault = Vault([Secret(bytes(32))], entropy=os.urandom)
    store = Store(database=database, commits=commits, vault=vault, clock=clock, emit=facts.append)
    yield Context(
        store=store,
        clock=clock,
        entropy=os.urandom,
        emit=facts.append,
        sender=sender,
        rules=rules,
        limits=limits or Limits(),
        engine=engine or NoEngine(),
        actor=TESTS,
    )
    await commits.close()
    await sender.close()


def _make_partitions(connection: Connection, clock: SteppedClock) -> None:
    # As a service has them that has run for a while: else the first thing that the pruner does is to move every row.
    if is_shared(connection):
        for of in PARTITIONED:
            make_ahead(connection, of, retention=Limits().retention, now=clock.now())


def listening(database: Database) -> Listen | None:
    """Return how an engine on this database hears of others; None where it is alone."""
    listen: Callable[[Callable[[], None]], Any] | None = getattr(database, "listen", None)
    return listen


def _payload(marker: str) -> bytes:
    return json.dumps(marked(marker)).encode()
