"""Actions on any database, without a service around them: no engine, and nobody is ever called.

Owns a context whose clock a test sets. Refuses to send anything: its name server does not exist.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from support.stepped_clock import SteppedClock
from tidings.actions.context import Context, Limits, NoEngine
from tidings.core.audit import Actor, ActorKind
from tidings.core.callback_url import EgressRules
from tidings.core.secret import Secret
from tidings.sender.resolver import Resolver
from tidings.sender.sender import Sender
from tidings.store.database import Database
from tidings.store.group_commit import GroupCommit
from tidings.store.store import Store
from tidings.store.vault import Vault
from tidings.telemetry.facts import Fact

NOBODY_THERE = "127.0.0.1:9"
ACTOR = Actor(ActorKind.OPERATOR, "tests", None)


@asynccontextmanager
async def acting(database: Database, clock: SteppedClock, facts: list[Fact] | None = None) -> AsyncIterator[Context]:
    """Open a context on ``database``, which stays open when this ends."""
    heard: list[Fact] = [] if facts is None else facts
    rules = EgressRules(ports=frozenset({443}), allow=())
    resolver = Resolver(servers=[NOBODY_THERE], clock=clock)
    sender = Sender(rules=rules, resolver=resolver, roots_pem=None, clients=1, clock=clock)
    commits = GroupCommit(database, clock=clock, emit=heard.append)
    vault = Vault([Secret(bytes(32))], entropy=os.urandom)
    try:
        yield Context(
            store=Store(database=database, commits=commits, vault=vault, clock=clock, emit=heard.append),
            clock=clock,
            entropy=os.urandom,
            emit=heard.append,
            sender=sender,
            rules=rules,
            limits=Limits(),
            engine=NoEngine(),
            actor=ACTOR,
        )
    finally:
        await commits.close()
        await sender.close()
