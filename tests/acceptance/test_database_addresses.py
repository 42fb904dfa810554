"""A PostgreSQL that does not answer or admit us: who runs the service reads where and why, and nobody a password."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.platform_client import platform
from support.postgresql import Cluster, cluster
from support.service import Installation, free_port

pytestmark = pytest.mark.asyncio(loop_scope="session")

USER, PASSWORD, WRONG = "guarded", "correct-horse-battery", "wrong-horse-battery"
COMMANDS = (("serve", "--port", "0"), ("check",), ("partner", "list"), ("migrate", "--json"))


@pytest.fixture(scope="module")
def guarded() -> Iterator[Cluster]:
    with cluster() as running:
        running.admit_by_password(USER, PASSWORD)
        yield running


def at(folder: Path, settings: dict[str, str], place: str) -> Installation:
    url = f"postgresql://{USER}:{WRONG}@{place}"
    return Installation(folder, settings | {"TIDINGS_DATABASE_URL": url})


async def lines_of(installation: Installation) -> list[str]:
    """Return the one line that each command says."""
    lines = []
    for command in COMMANDS:
        finished = await installation.run(*command)
        assert finished.status == 1, finished
        for secret in (WRONG, PASSWORD, USER):
            assert secret not in finished.stdout + finished.stderr
        lines += finished.stderr.splitlines()
    assert len(lines) == len(COMMANDS), lines
    return lines


async def test_a_server_that_is_not_there_is_named_with_the_cause(
    tmp_path: Path, shared_database: dict[str, str]
) -> None:
    first, second = free_port(), free_port()
    hosts = f"127.0.0.1:{first},127.0.0.1:{second}"

    for line in await lines_of(at(tmp_path, shared_database, f"{hosts}/tidings")):
        assert line.endswith(
            f"the database does not answer at 127.0.0.1:{first} or 127.0.0.1:{second}: connection refused"
        )


async def test_a_name_that_nobody_knows_is_named_with_the_cause(
    tmp_path: Path, shared_database: dict[str, str]
) -> None:
    for line in await lines_of(at(tmp_path, shared_database, "db.invalid/tidings")):
        assert "the database does not answer at db.invalid:5432: " in line
        assert "name" in line.rpartition(": ")[2]


async def test_a_server_that_accepts_and_says_nothing_is_named(tmp_path: Path, shared_database: dict[str, str]) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        finished = await at(tmp_path, shared_database, f"127.0.0.1:{port}/tidings").run("partner", "list")

    assert finished.stderr == f"tidings: the database does not answer at 127.0.0.1:{port}: timed out\n"


async def test_a_wrong_password_is_one_clear_line_without_the_password(
    tmp_path: Path, shared_database: dict[str, str], guarded: Cluster
) -> None:
    for line in await lines_of(at(tmp_path, shared_database, f"127.0.0.1:{guarded.port}/postgres")):
        assert line.endswith("the database refuses this user or password (TIDINGS_DATABASE_URL)")


async def test_strangers_do_not_read_where_the_database_is(
    tmp_path: Path, shared_database: dict[str, str], guarded: Cluster
) -> None:
    url = f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{guarded.port}/postgres"
    installation = Installation(tmp_path, shared_database | {"TIDINGS_DATABASE_URL": url})
    service = await installation.serve("--migrate")
    token = await installation.create_token("billing")
    guarded.stop("immediate")
    try:
        async with platform(service.url, token) as client:
            answers = [await client.http.get(path) for path in ("/readyz", "/platform/v1/deliveries")]
        told = await installation.run("partner", "list")
    finally:
        guarded.start()
        await service.stop()

    assert [answer.status_code for answer in answers] == [503, 503]
    assert not [answer.text for answer in answers if str(guarded.port) in answer.text]
    assert told.stderr.endswith(f"the database does not answer at 127.0.0.1:{guarded.port}: connection refused\n")
    assert PASSWORD not in service.stderr
