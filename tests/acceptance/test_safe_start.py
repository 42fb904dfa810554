"""What would lose events that were acknowledged is refused at the start, by `serve` and `check` alike (G1)."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.postgresql import Cluster, cluster, standby
from support.service import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT = Path(__file__).resolve().parents[2]
# The harness's movable clock, moved before the program begins.
LATER = """
import sys
from chaos.machine_faults import movable_clock
movable_clock(int(sys.argv.pop(1)))()
from tidings.__main__ import main
main()
"""


def at(folder: Path, settings: dict[str, str], url: str | None = None) -> Installation:
    return Installation(folder, settings if url is None else settings | {"TIDINGS_DATABASE_URL": url})


async def refusals(installation: Installation) -> list[str]:
    """Return the one line with which each command refuses."""
    found = []
    for command in (("serve", "--port", "0"), ("check",)):
        finished = await installation.run(*command)
        assert finished.status == 1, finished
        (line,) = finished.stderr.strip().splitlines()
        found.append(line)
    return found


@pytest.fixture
def weak(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with cluster(request.param) as running:
        yield running


@pytest.mark.parametrize(
    ("weak", "name"),
    [(f"{name}=off", name) for name in ("fsync", "full_page_writes", "synchronous_commit")],
    indirect=["weak"],
)
async def test_a_server_that_may_lose_what_it_commits_is_refused(
    tmp_path: Path, shared_database: dict[str, str], weak: Cluster, name: str
) -> None:
    installation = at(tmp_path, shared_database, weak.create())
    assert (await installation.run("migrate")).status == 0

    for line in await refusals(installation):
        assert f"{name}=off" in line


async def test_a_replica_is_refused(tmp_path: Path, durable_server: Cluster, shared_database: dict[str, str]) -> None:
    database = shared_database["TIDINGS_DATABASE_URL"].rpartition("/")[2]
    with standby(durable_server) as replica:
        lines = await refusals(at(tmp_path, shared_database, replica.url(database)))

    assert all("this server is a replica" in line for line in lines)


@pytest.mark.parametrize("seconds", [60, -60])
async def test_a_clock_apart_from_the_databases_is_refused(
    tmp_path: Path, shared_database: dict[str, str], seconds: int
) -> None:
    environment = at(tmp_path, shared_database).environment() | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    for command in (("serve", "--port", "0"), ("check",)):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", LATER, str(seconds), *command),
            env=environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await process.communicate()
        (line,) = said.decode().strip().splitlines()

        assert process.returncode == 1
        assert "clocks of this machine and of the database are 60 s apart" in line


async def test_several_hosts_are_tried_for_the_one_that_takes_writes(
    tmp_path: Path, durable_server: Cluster, shared_database: dict[str, str]
) -> None:
    name = shared_database["TIDINGS_DATABASE_URL"].rpartition("/")[2]
    with standby(durable_server) as replica:
        hosts = f"127.0.0.1:{replica.port},127.0.0.1:{durable_server.port}"
        url = f"postgresql://tidings@{hosts}/{name}?target_session_attrs=read-write"
        finished = await at(tmp_path, shared_database, url).run("check")

    assert finished.status == 0, finished


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda url: url.replace("tidings@", "nobody@"), "refuses this user or password"),
        (lambda url: f"{url}_missing", "no database of that name"),
        (lambda url: f"{url}?sslmode=require", "does not answer"),
        (lambda url: f"{url}?sslmode=perhaps", "is not a URL that libpq would take"),
        (lambda url: f"{url}?target_sesion_attrs=read-write", "target_sesion_attrs"),
        (lambda url: f"{url}?default_transaction_read_only=on", "transactions are read-only"),
        (lambda url: url.replace("127.0.0.1", "127.0.0.1:1,127.0.0.1"), None),
    ],
    ids=["user", "database", "tls", "option", "unknown parameter", "read-only", "first host down"],
)
async def test_each_bad_address_of_a_database_is_one_clear_line(
    tmp_path: Path, shared_database: dict[str, str], change: Callable[[str], str], says: str | None
) -> None:
    installation = at(tmp_path, shared_database, change(shared_database["TIDINGS_DATABASE_URL"]))
    if says is None:
        assert (await installation.run("check")).status == 0
        return

    for line in await refusals(installation):
        assert says in line


async def test_a_unix_socket_will_do(tmp_path: Path, durable_server: Cluster, shared_database: dict[str, str]) -> None:
    name = shared_database["TIDINGS_DATABASE_URL"].rpartition("/")[2]
    url = f"postgresql://tidings@/{name}?host={durable_server.folder}&port={durable_server.port}"
    finished = await at(tmp_path, shared_database, url).run("check")

    assert finished.status == 0, finished
