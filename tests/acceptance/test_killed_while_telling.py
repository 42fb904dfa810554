"""A process that is killed in the very transaction that tells, tells nothing; the next one tells it all, once."""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from support.certificates import Authority
from support.house import House, Partner, open_house
from support.https_receiver import Answer, HttpsReceiver
from support.operations import (
    FAILED,
    FAILING,
    failed_deliveries,
    operational_events,
    publish_many,
    settings_with,
    told,
    until_all_ended,
)
from support.service import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT = Path(__file__).parents[2]
TRAP = ("--kill", "before_telling_commit:1")
"""Armed by SIGUSR1: the next look dies before its commit."""


@dataclass(frozen=True)
class Trapped(Installation):
    """An installation whose service carries the trap."""

    def environment(self) -> dict[str, str]:
        return super().environment() | {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}

    async def _start(self, *arguments: str, stderr: int | IO[bytes]) -> Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "chaos.serve", *TRAP, "--", *arguments),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=stderr,
            env=self.environment(),
            cwd=self.folder,
        )


async def die_while_telling(house: House, partner: Partner) -> list[str]:
    """Have ten deliveries fail under a service that is killed at its next look; start a sound one; return the ten."""
    plain = house.installation
    await house.service.stop()
    house.installation = Trapped(plain.folder, plain.settings)
    await house.restart()
    doomed = await publish_many(house, partner, 10)
    for name in doomed:
        await house.platform.until_ended(name)
    house.service.send(signal.SIGUSR1)
    assert await house.service.ended() == -signal.SIGKILL
    house.installation = plain
    await house.restart()
    return doomed


async def test_what_was_being_told_when_the_process_died_is_told_once(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    async with open_house(tmp_path, authority, settings_with(own_receiver), receiver=own_receiver) as house:
        partner = await house.partner(Answer(status=500))
        doomed = sorted([name for _ in range(3) for name in await die_while_telling(house, partner)])
        await own_receiver.until(lambda: len(failed_deliveries(own_receiver)) >= len(doomed), within=60)
        await until_all_ended(house)
        records = await operational_events(house)

    assert failed_deliveries(own_receiver) == doomed
    assert records.count(FAILING) == 1
    assert records.count(FAILED) == len(told(own_receiver, FAILED))
