"""Processes of the service that is attacked; weakened ones among them, to see whether the attacks notice."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass
from typing import IO

from attack import ROOT
from support.service import Installation


@dataclass(frozen=True, kw_only=True)
class AttackedInstallation(Installation):
    """An installation whose processes forget names at once, so that every attempt asks the attacker anew.

    ``bug`` weakens them (attack/bugs.py).
    """

    bug: str | None = None
    forgetful: bool = True

    def environment(self) -> dict[str, str]:
        return super().environment() | {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}

    async def _start(self, *arguments: str, stderr: int | IO[bytes]) -> Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "attack.serve", *self._switches(), "--", *arguments),
            env=self.environment(),
            cwd=self.folder,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=stderr,
        )

    def _switches(self) -> list[str]:
        return [*(["--forgetful"] if self.forgetful else []), *([] if self.bug is None else ["--bug", self.bug])]
