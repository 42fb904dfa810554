"""The database goes away: server stopped or killed, connections cut in COMMIT, disk full, read-only."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

from chaos.layout import LEASE_S
from chaos.recovery import RESUMES_WITHIN_S
from chaos.rig import Rig, now
from chaos.services import switch
from chaos.size import Size
from support.postgresql import Cluster


async def stopped_fast(rig: Rig, size: Size) -> None:
    await _server_away(rig, size, lambda server: server.stop("fast"))


async def stopped_immediately(rig: Rig, size: Size) -> None:
    await _server_away(rig, size, lambda server: server.stop("immediate"))


async def postmaster_killed(rig: Rig, size: Size) -> None:
    await _server_away(rig, size, lambda server: os.kill(server.postmaster, signal.SIGKILL))


async def cut_in_commit(rig: Rig, size: Size) -> None:
    """Cut connections when they commit: the server has not seen it, or nobody learns that it has, in turns."""
    assert rig.proxy is not None
    await rig.publish()
    for _ in range(2 * size.rounds):
        await rig.until_more_acknowledged(size.step)
        rig.proxy.cut_next(2)
        await rig.proxy.until_cut(rig.proxy.cuts + 2)
        await rig.note_cut(now())
    rig.faults = rig.proxy.cuts
    await rig.until_more_acknowledged(1, within=RESUMES_WITHIN_S)


async def disk_full(rig: Rig, size: Size) -> None:
    """Leave the database no space until publishers are refused, and a while longer."""
    disk = rig.disk
    assert disk is not None
    await rig.publish()
    for _ in range(size.rounds):
        await rig.until_more_acknowledged(size.step)
        # What is committed into space that the file had already is kept: a 202 is no lie then.
        before = await rig.in_flight()
        async with _outage(rig) as refused:
            disk.fill()
            await refused()
            await asyncio.sleep(size.seconds)
            await rig.note_outage(before)
            disk.clear()


async def read_only(rig: Rig, size: Size) -> None:
    """Let the database take no writes."""
    await rig.publish()
    if rig.cluster is None:
        await rig.restart(0, "--read-only")
    for _ in range(size.rounds):
        await rig.until_more_acknowledged(size.step)
        before = await rig.in_flight()
        async with _outage(rig) as refused:
            await _set_read_only(rig, on=True)
            await refused()
            since = now()
            await asyncio.sleep(size.seconds)
            rig.downs.append((since, now()))
            await rig.note_outage(before)
            await _set_read_only(rig, on=False)


@asynccontextmanager
async def _outage(rig: Rig) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Note an outage that begins and ends in between, and wait until the service has resumed.

    Gives what waits until a publisher was told 503 since it began.
    """
    told, since = await rig.unavailable(), now()
    rig.fault()
    yield partial(rig.until_unavailable, told)
    rig.outages.append((since, now()))
    await rig.until_resumed(within=RESUMES_WITHIN_S)


async def _set_read_only(rig: Rig, *, on: bool) -> None:
    if rig.cluster is None:
        switch(rig.services[0])
        return
    name = rig.url.rpartition("/")[2]
    statements = (
        f"ALTER DATABASE {name} SET default_transaction_read_only = {'on' if on else 'off'}",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
    )
    for statement in statements:
        await asyncio.to_thread(rig.cluster.control_sql, statement)


async def _server_away(rig: Rig, size: Size, end: Callable[[Cluster], None]) -> None:
    server = rig.cluster
    assert server is not None
    await rig.publish()
    for turn in range(size.rounds):
        await rig.until_more_acknowledged(size.step)
        before = await rig.in_flight()
        async with _outage(rig) as refused:
            await asyncio.to_thread(end, server)
            since = now()
            await refused()
            # Shorter than a lease, then longer.
            await asyncio.sleep(1.0 if turn % 2 == 0 else LEASE_S + 1)
            rig.downs.append((since, now()))
            await _start_again(server)
            await rig.note_outage(before)


async def _start_again(server: Cluster) -> None:
    """Start the server; while processes of a killed one are still ending, it refuses."""
    deadline = time.monotonic() + RESUMES_WITHIN_S
    while True:
        try:
            return await asyncio.to_thread(server.start)
        except RuntimeError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.5)
