"""A running service: API, engine, or both, until it is told to stop.

Owns start, drain and end of the process's work. No logic lives here.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

import uvloop

from tidings import __version__
from tidings.actions.context import Context, NoEngine
from tidings.app.exposition import Exposition
from tidings.app.installation import AnyDatabase, build_context, open_database, prepare_for_service
from tidings.app.operations import prepare_watch
from tidings.app.readers import open_readers
from tidings.app.role import Role
from tidings.engine.engine import Engine, Listen
from tidings.errors import Misconfigured
from tidings.settings import Settings
from tidings.store.postgresql import PostgresqlDatabase
from tidings.telemetry.facts import ServiceStarted, ServiceStopped, ServiceStopping
from tidings.web.asgi import WebSettings, build, build_metrics, build_probes
from tidings.web.server import HttpServer

_HTTP_GRACE_S = 5.0
# Threads that want the interpreter wait this long before they ask for it: the writer must not starve beside a busy
# loop, and the loop not be held up by the writer (docs/decisions/0002).
_SWITCH_INTERVAL_S = 0.0005
# A delivery makes no cycles: looking for them as often as Python does by default was 7 % of the service's time.
_COLLECT_AFTER = (50_000, 20, 20)


_SPELT = {Role.ALL: "api + engine", Role.API: "api", Role.ENGINE: "engine"}


def serve(
    settings: Settings,
    host: str,
    port: int,
    *,
    role: Role,
    migrate: bool,
    ready: Callable[[str], None],
) -> None:
    """Serve until SIGTERM or SIGINT, then drain. ``ready`` is told the service's address once."""
    if role is not Role.ALL and settings.sqlite_file is not None:
        raise Misconfigured("--role: SQLite serves one process, which must do all; share the work on PostgreSQL")
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
    uvloop.run(_serve(settings, (host, port), role=role, migrate=migrate, ready=ready))


async def _serve(
    settings: Settings, place: tuple[str, int], *, role: Role, migrate: bool, ready: Callable[[str], None]
) -> None:
    stop = _stop_at_signal()
    async with AsyncExitStack() as stack:
        readers = open_readers(stack, settings)
        emit = readers.emit
        opened = open_database(settings)
        stack.push_async_callback(opened.close)
        await prepare_for_service(opened, settings, migrate=migrate)
        engine = Engine(slots=settings.concurrency, lane_limit=settings.lane_concurrency)
        own = NoEngine() if role is Role.API else engine
        ctx = await build_context(stack, settings, opened, engine=own, emit=emit)
        readers.metrics.gauges.set_info(version=__version__, role=role)
        exposition = Exposition(ctx, readers.metrics, engine=None if role is Role.API else engine)
        servers = _servers(settings, ctx, exposition, role)
        stack.push_async_callback(_stop, servers, engine, settings.drain_timeout)
        url = await _listen(servers, settings, place)
        watch = await prepare_watch(settings, ctx, readers.health)
        if role is not Role.API:
            engine.start(ctx, listen=_listener(opened), watch=watch)
        emit(ServiceStarted(url, _SPELT[role]))
        ready(url)
        await stop.wait()
        emit(ServiceStopping())
        await _stop(servers, engine, settings.drain_timeout)
        emit(ServiceStopped())


def _listener(opened: AnyDatabase) -> Listen | None:
    return opened.listen if isinstance(opened, PostgresqlDatabase) else None


def _servers(settings: Settings, ctx: Context, exposition: Exposition, role: Role) -> list[HttpServer]:
    apart = settings.metrics_address is not None
    web = WebSettings(
        rate_limit_address=settings.rate_limit_address,
        trusted_proxies=settings.trusted_proxies,
        metrics=None if apart else exposition,
    )
    # A process without an API still says whether it is well.
    main = HttpServer(build_probes(ctx, web.metrics) if role is Role.ENGINE else build(ctx, web))
    return [main, HttpServer(build_metrics(ctx, exposition))] if apart else [main]


async def _listen(servers: Sequence[HttpServer], settings: Settings, place: tuple[str, int]) -> str:
    host, port = place
    bound = await _start(servers[0], host, port, chosen_by="--host, --port")
    apart = settings.metrics_address
    if apart is not None:
        await _start(servers[1], apart.host, apart.port, chosen_by="TIDINGS_METRICS_ADDRESS")
    return f"http://[{host}]:{bound}" if ":" in host else f"http://{host}:{bound}"


async def _start(server: HttpServer, host: str, port: int, *, chosen_by: str) -> int:
    try:
        return await server.start(host, port)
    except Misconfigured as error:
        raise Misconfigured(f"{chosen_by}: {error}") from error


async def _stop(servers: Sequence[HttpServer], engine: Engine, drain_s: float) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(engine.stop(drain_s=drain_s))
        for server in servers:
            group.create_task(server.stop(_HTTP_GRACE_S))


def _stop_at_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
