"""Standard output that takes nothing: a full disk is told in one line, a reader who left is not told of at all."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest

from support.event_samples import marked
from support.house import House
from support.service import Finished, Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")

NO_SPACE = "tidings: cannot write to standard output: No space left on device"


@pytest.fixture
def full_disk() -> Iterator[IO[bytes]]:
    with Path("/dev/full").open("wb") as full:
        yield full


@pytest.fixture
def nobody() -> Iterator[int]:
    """A pipe whose reader has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


async def run(installation: Installation, stdout: int | IO[bytes], *arguments: str) -> Finished:
    return await replace(installation, stdout=stdout).run(*arguments)


def line_of(finished: Finished) -> str:
    (line,) = finished.stderr.splitlines()
    return line


@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["--help"],
        ["partner", "list"],
        ["partner", "list", "--json"],
        ["check"],
        ["serve", "--port", "0"],
    ],
    ids=" ".join,
)
async def test_a_full_disk_is_told_in_one_line(tmp_path: Path, full_disk: IO[bytes], arguments: list[str]) -> None:
    installation = Installation(folder=tmp_path, settings={"TIDINGS_LOG": "text"})
    await installation.run("partner", "create", "acme")

    finished = await run(installation, full_disk, *arguments)

    # The service also logs that it started, and how it stopped.
    lines = [line for line in finished.stderr.splitlines() if line.startswith("tidings: ")]
    assert lines == [NO_SPACE], finished.stderr
    assert finished.status == 1
    assert "Traceback" not in finished.stderr


async def test_more_than_any_buffer_holds_is_told_alike(tmp_path: Path, full_disk: IO[bytes]) -> None:
    installation = Installation(folder=tmp_path)
    await installation.run("partner", "create", "acme")
    file = tmp_path / "event.json"
    file.write_text(json.dumps(marked("x" * 50_000)), "utf-8")
    (event,) = (await installation.ask("event", "publish", str(file), "--partner", "acme"))["events"]

    finished = await run(installation, full_disk, "event", "show", event["id"], "--json")

    assert (finished.status, finished.stderr) == (1, NO_SPACE + "\n")


async def test_a_secret_that_nobody_saw_is_named_by_its_key_and_can_be_revoked(
    tmp_path: Path, full_disk: IO[bytes]
) -> None:
    installation = Installation(folder=tmp_path)

    line = line_of(await run(installation, full_disk, "partner", "create", "acme"))
    (first,) = (await installation.ask("key", "list"))["keys"]
    second = line_of(await run(installation, full_disk, "key", "create", "acme", "--json"))
    revoked = await installation.run("key", "revoke", first["key"])

    assert line.startswith(f"{NO_SPACE}; the secret was not shown: run `tidings key revoke {first['key']}`")
    assert "tidings key create acme" in line
    assert second.startswith(f"{NO_SPACE}; the secret was not shown: run `tidings key revoke ")
    assert revoked.status == 0


async def test_a_token_and_a_password_that_nobody_saw_are_named(tmp_path: Path, full_disk: IO[bytes]) -> None:
    installation = Installation(folder=tmp_path)

    token = line_of(await run(installation, full_disk, "token", "create", "billing"))
    password = line_of(await run(installation, full_disk, "operator", "create", "ada", "--generate"))

    assert "the token was not shown: run `tidings token revoke billing`" in token
    assert "the password was not shown: run `tidings operator set-password ada`" in password


async def test_of_a_link_that_nobody_saw_another_is_made(tmp_path: Path, full_disk: IO[bytes]) -> None:
    installation = Installation(folder=tmp_path)
    await installation.run("partner", "create", "acme")

    line = line_of(await run(installation, full_disk, "partner", "portal-link", "acme"))

    assert line.startswith(f"{NO_SPACE}; the link was not shown: make another one")


async def test_a_signing_secret_that_nobody_saw_is_rotated_again(hasty: House, full_disk: IO[bytes]) -> None:
    webhook = (await hasty.partner()).webhook
    rotate = ("webhook", "rotate-secret", webhook)

    soon = line_of(await run(hasty.installation, full_disk, *rotate, "--overlap", "1h"))
    at_once = line_of(await run(hasty.installation, full_disk, *rotate, "--overlap", "0"))

    again = f"{NO_SPACE}; the secret was not shown: run `tidings webhook rotate-secret {webhook}` again"
    assert soon.startswith(f"{again} when its partner can take a new one at once; the one before ends with that")
    assert at_once == again


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["partner", "list"], ["partner", "list", "--json"]])
async def test_a_reader_who_left_is_not_told_of(tmp_path: Path, nobody: int, arguments: list[str]) -> None:
    finished = await run(Installation(folder=tmp_path), nobody, *arguments)

    assert (finished.status, finished.stderr) == (1, "")
