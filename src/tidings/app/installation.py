"""An installation: its database, vault and sender, made from the settings.

Owns how parts are put together for a service and for the command line alike. No logic lives here.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import TypeAlias

from tidings.actions.context import Context, Handover, Limits, NoEngine, Operations, SessionTimes
from tidings.app.invoker import invoker
from tidings.clock import Clock
from tidings.core.callback_url import EgressRules
from tidings.core.instants import span
from tidings.core.retention import Retention
from tidings.core.retry import Schedule
from tidings.core.secret import Secret
from tidings.errors import Misconfigured, Unavailable
from tidings.sender.resolver import Resolver
from tidings.sender.sender import Sender
from tidings.settings import Settings
from tidings.store import migrating, partitions, schema, sealed
from tidings.store.database import Database
from tidings.store.group_commit import GroupCommit
from tidings.store.postgresql import ANSWER_TIMEOUT_S, PostgresqlDatabase
from tidings.store.safety import refuse_unsafe
from tidings.store.sqlite import SqliteDatabase
from tidings.store.store import Store
from tidings.store.vault import Vault, key_file, keys_beside
from tidings.telemetry.facts import Emit, tell_nobody

AnyDatabase: TypeAlias = SqliteDatabase | PostgresqlDatabase


@asynccontextmanager
async def database(settings: Settings, *, is_patient: bool = False) -> AsyncIterator[AnyDatabase]:
    """Open the database as it is: nothing is made or migrated. ``is_patient`` is as for ``open_database``."""
    opened = open_database(settings, is_patient=is_patient)
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def context(settings: Settings) -> AsyncIterator[Context]:
    """Open an installation for the command line's administration: the actions, and no engine."""
    async with AsyncExitStack() as stack:
        opened = open_database(settings)
        stack.push_async_callback(opened.close)
        if isinstance(opened, SqliteDatabase):
            await migrating.bring_up_to_date(opened, tell=_say_nothing)
        await opened.read(schema.refuse_other)
        ctx = await build_context(stack, settings, opened, engine=NoEngine(), emit=tell_nobody)
        yield ctx.by(invoker())


def migrate(settings: Settings, *, tell: Callable[[str], None]) -> bool:
    """Bring the database to the current schema; return whether anything had to be done. ``tell`` hears each step."""

    async def run() -> bool:
        async with database(settings, is_patient=True) as opened:
            changed = await migrating.bring_up_to_date(opened, tell=tell)
            try:
                await _make_partitions(opened, settings)
            except Unavailable as error:
                # The schema is there, and the pruner tries again: somebody's long look is no reason to fail.
                tell(f"partitions ahead are left to `tidings serve`: {error}")
            return changed

    return asyncio.run(run())


def open_database(settings: Settings, *, is_patient: bool = False) -> AnyDatabase:
    """Return the database of the settings, unasked so far. Raises Misconfigured for a place that cannot be used.

    A patient one waits for an answer however long it takes: an index on many millions of rows is silent for longer than
    a server that is well.
    """
    if settings.sqlite_file is not None:
        return SqliteDatabase(settings.sqlite_file)
    limit = None if is_patient else ANSWER_TIMEOUT_S
    return PostgresqlDatabase(settings.database_url, answer_timeout_s=limit)


async def prepare_for_service(opened: AnyDatabase, settings: Settings, *, migrate: bool) -> None:
    """Make sure that the database may be served. Raises Misconfigured or Unavailable."""
    if isinstance(opened, SqliteDatabase):
        opened.lock_for_service()
        await migrating.bring_up_to_date(opened, tell=_say_nothing)
    elif migrate:
        async with database(settings, is_patient=True) as patient:
            await migrating.bring_up_to_date(patient, tell=_say_nothing)
    await opened.read(schema.refuse_other)
    await opened.read(partial(refuse_unsafe, clock=Clock()))
    # A service that stood still for weeks: what it writes first has a place already. The pruner tries again.
    with suppress(Unavailable):
        await _make_partitions(opened, settings)


async def build_context(
    stack: AsyncExitStack, settings: Settings, opened: Database, *, engine: Handover, emit: Emit
) -> Context:
    """Put together what every action works with; ``stack`` takes it apart again."""
    clock = Clock()
    commits = GroupCommit(opened, clock=clock, emit=emit, shard=secrets.randbits(16))
    vault = Vault(await _master_keys(settings, opened), entropy=secrets.token_bytes)
    store = Store(database=opened, commits=commits, vault=vault, clock=clock, emit=emit)
    rules = EgressRules(ports=settings.egress_ports, allow=settings.egress_allow)
    sender = Sender(
        rules=rules,
        resolver=Resolver(servers=settings.dns_servers, clock=clock, emit=emit),
        roots_pem=None if settings.egress_ca_file is None else settings.egress_ca_file.read_bytes(),
        clients=settings.egress_clients,
        clock=clock,
    )
    stack.push_async_callback(commits.close)
    stack.push_async_callback(sender.close)
    return Context(
        store=store,
        clock=clock,
        entropy=secrets.token_bytes,
        emit=emit,
        sender=sender,
        rules=rules,
        limits=_limits(settings),
        engine=engine,
    )


async def _make_partitions(opened: Database, settings: Settings) -> None:
    if isinstance(opened, PostgresqlDatabase):
        for of in partitions.PARTITIONED:
            retention, now = _retention(settings), Clock().now()
            await opened.write(partial(partitions.make_ahead, of=of, retention=retention, now=now))


async def _master_keys(settings: Settings, opened: Database) -> Sequence[Secret]:
    given = settings.master_key
    if given:
        return given
    file = settings.sqlite_file
    if file is None:
        raise Misconfigured("TIDINGS_MASTER_KEY: must be set with PostgreSQL: base64 of 32 random bytes")
    is_gone = not key_file(file).exists()
    if is_gone and await opened.read(lambda connection: sealed.count(connection) > 0):
        # A new key would open nothing, and the next backup would hold it in the lost one's place.
        raise Misconfigured(f"TIDINGS_MASTER_KEY: is unset, and the key file {key_file(file)} is gone; put it back")
    return keys_beside(file, entropy=secrets.token_bytes)


def _session_times(settings: Settings) -> SessionTimes:
    return SessionTimes(
        idle=span(settings.console_session_idle),
        longest=span(settings.console_session),
        portal_link=span(settings.portal_link),
        portal=span(settings.portal_session),
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        webhooks_per_partner=settings.webhooks_per_partner,
        rate_limit=settings.rate_limit,
        attempt_timeout=span(settings.attempt_timeout),
        lease=span(settings.lease),
        schedule=Schedule(
            window=span(settings.retry_window),
            base=span(settings.retry_base),
            cap=span(settings.retry_cap),
            jitter=settings.retry_jitter,
        ),
        retention=_retention(settings),
        event_id_header=settings.event_id_header,
        sessions=_session_times(settings),
        operations=_operations(settings),
    )


def _operations(settings: Settings) -> Operations | None:
    if settings.operations_url is None:
        return None
    return Operations(
        failing_after=span(settings.operations_failing_after),
        backlog=settings.operations_backlog,
    )


def _retention(settings: Settings) -> Retention:
    return Retention(
        events=span(settings.retention_events),
        deliveries=span(settings.retention_deliveries),
        attempts=span(settings.retention_attempts),
        audit=span(settings.retention_audit),
    )


def _say_nothing(_step: str) -> None:
    """Keep the steps of a migration to ourselves."""
