"""From nothing to a rig that runs, and back to nothing.

Owns the order: disk, database, schema, receiver, token, processes, partners. Load begins when the scenario says so.
"""

import asyncio
import base64
import os
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from chaos.children import Child
from chaos.disk import SmallDisk, small_disk
from chaos.layout import Kind, Layout
from chaos.proxy import Proxy, proxy_before
from chaos.rig import Rig
from chaos.services import FaultyInstallation
from chaos.traffic import partner_name
from support.event_samples import EVENT_TYPES
from support.marked_secrets import RUN
from support.platform_client import platform
from support.postgresql import Cluster, cluster
from support.service import free_port
from support.vendor_client import VendorClient

_DISK_MB = 96
_STARTED_WITHIN_S = 30


@asynccontextmanager
async def rig(layout: Layout, kind: Kind) -> AsyncIterator[Rig]:
    """Set everything up on a database of its own, without load, and take it down again."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tidings-chaos-")))
        stack.callback(_look_for_secrets, folder)
        made = await _bare(stack, folder, layout, kind)
        stack.push_async_callback(_kill_what_is_left, made)
        for index in range(len(made.ports)):
            await made.start(index)
        await _partners(made)
        yield made


@asynccontextmanager
async def unmigrated(kind: Kind, settings: dict[str, str]) -> AsyncIterator[FaultyInstallation]:
    """Set up an installation whose database is empty."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tidings-chaos-")))
        server = stack.enter_context(cluster()) if kind is Kind.POSTGRESQL else None
        yield FaultyInstallation(folder=folder, settings=settings | _on(_database(folder, None, server)))


async def _bare(stack: AsyncExitStack, folder: Path, layout: Layout, kind: Kind) -> Rig:
    disk = stack.enter_context(small_disk(folder / "disk", _DISK_MB)) if layout.small else None
    server = stack.enter_context(cluster()) if kind is Kind.POSTGRESQL else None
    proxy = None
    if server is not None and layout.proxied:
        proxy = await stack.enter_async_context(proxy_before(server.port))
    url = _database(folder, disk, server)
    port = free_port()
    receiver = await stack.enter_async_context(_receiver(folder, port))
    installation = FaultyInstallation(folder=folder, settings=_settings(layout, folder, port, _seen_by(url, proxy)))
    migrated = await installation.run("migrate")
    assert migrated.status == 0, migrated.stderr
    return Rig(
        folder=folder,
        layout=layout,
        url=url,
        installation=installation,
        token=await installation.create_token("chaos"),
        receiver=receiver,
        paths=[f"/hooks/{partner_name(index)}" for index in range(len(layout.receivers))],
        ports=[free_port() for _ in range(layout.processes if server is not None else 1)],
        callback=f"https://127.0.0.1:{port}",
        cluster=server,
        proxy=proxy,
        disk=disk,
    )


def _database(folder: Path, disk: SmallDisk | None, server: Cluster | None) -> str:
    """Make a database and return its URL."""
    if server is None:
        return f"sqlite:///{(disk.folder if disk else folder) / 'tidings.db'}"
    url = server.create()
    if disk is not None:
        place = disk.folder / "tables"
        place.mkdir()
        _give_to_server(place, server)
        server.control_sql(f"CREATE TABLESPACE small LOCATION '{place}'")
        server.control_sql(f"ALTER DATABASE {url.rpartition('/')[2]} SET TABLESPACE small")
    return url


def _give_to_server(place: Path, server: Cluster) -> None:
    owner = (server.folder / "data").stat()
    os.chown(place, owner.st_uid, owner.st_gid)
    # The folder of a run is its owner's alone; the server must be able to pass through.
    place.parents[1].chmod(0o711)


def _seen_by(url: str, proxy: Proxy | None) -> str:
    """Return the database's URL as the processes of the service get it."""
    if proxy is None:
        return url
    before, _, database = url.rpartition("/")
    return f"{before.rpartition(':')[0]}:{proxy.port}/{database}"


def _settings(layout: Layout, folder: Path, port: int, url: str) -> dict[str, str]:
    return (
        layout.all_settings()
        | _on(url)
        | {
            "TIDINGS_EGRESS_ALLOW": f"127.0.0.0/24:{port}",
            "TIDINGS_EGRESS_CA_FILE": str(folder / "authority.pem"),
        }
    )


def _on(url: str) -> dict[str, str]:
    return {
        "TIDINGS_DATABASE_URL": url,
        "TIDINGS_MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode("ascii"),
    }


@asynccontextmanager
async def _receiver(folder: Path, port: int) -> AsyncIterator[Child]:
    arguments = (str(folder / "authority.pem"), str(folder / "receiver.ledger"), str(port))
    async with Child("receiver", *arguments) as child:
        await child.hear(within=_STARTED_WITHIN_S)
        yield child


async def _partners(made: Rig) -> None:
    async with platform(made.services[0].url, made.token) as client:
        for index, path in enumerate(made.paths):
            key = await client.create_partner(partner_name(index), "127.0.0.1")
            partner = VendorClient(port=made.ports[0], api_key=key)
            registered = await partner.register(made.callback + path, events=list(EVENT_TYPES))
            await made.order_receiver("secret", path, registered["secret"])
            await made.order_receiver("behave", path, made.layout.receivers[index])


def _look_for_secrets(folder: Path) -> None:
    """Look into everything that the processes left; a server of PostgreSQL was looked into when it was stopped."""
    RUN.look_into_folder(folder)
    if RUN.found:
        raise RuntimeError(f"secrets where none may be: {RUN.found[:10]}")


async def _kill_what_is_left(made: Rig) -> None:
    if made.publisher is not None:
        await made.publisher.__aexit__()
    await asyncio.gather(*(service.kill() for service in made.services))
