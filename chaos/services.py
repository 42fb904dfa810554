"""Processes of the service with faults built in, and how they are killed, stopped and armed.

Owns how a process gets its faults. What they do is ``chaos.serve``'s.
"""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass, replace
from typing import IO

from chaos.children import ROOT
from support.service import Installation, Service

_KILLED = -signal.SIGKILL
_DIES_WITHIN_S = 60.0


class NotKilled(Exception):
    """A process that should have died at its checkpoint did not."""


@dataclass(frozen=True, kw_only=True)
class FaultyInstallation(Installation):
    """An installation whose commands are started through ``chaos.serve``, with these faults."""

    faults: tuple[str, ...] = ()

    def environment(self) -> dict[str, str]:
        return super().environment() | {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}

    def having(self, *faults: str) -> "FaultyInstallation":
        return replace(self, faults=faults)

    async def _start(self, *arguments: str, stderr: int | IO[bytes]) -> Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "chaos.serve", *self.faults, "--", *arguments),
            env=self.environment(),
            cwd=self.folder,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=stderr,
        )


def arm(service: Service) -> None:
    """Let the trap count from now on."""
    service.send(signal.SIGUSR1)


def switch(service: Service) -> None:
    """Turn the switchable fault on, or off again."""
    service.send(signal.SIGUSR2)


async def until_killed(service: Service, *, within: float = _DIES_WITHIN_S) -> None:
    """Wait for a process to be killed by what was built into it or by its receiver."""
    status = await service.ended(within=within)
    if status != _KILLED:
        raise NotKilled(f"ended with status {status}:\n{service.stderr[-3000:]}")
