"""The harness's own programs as processes: started, told, heard and ended, each with a deadline.

Owns the line protocol: one line of words or JSON down, one line of JSON back.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parent.parent
LONGEST_LINE = 16 * 1024 * 1024
ENDED_WITHIN = 10.0


class ChildFailed(Exception):
    """A program of the harness ended or fell silent."""


class Child:
    """A running ``python -m chaos.<module>``; it ends when its input is closed."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._module = f"chaos.{module}"
        self._arguments = arguments
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", self._module, *self._arguments),
            cwd=ROOT,
            stdin=PIPE,
            stdout=PIPE,
            limit=LONGEST_LINE,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        process = self._running()
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), ENDED_WITHIN)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def tell(self, *words: str) -> None:
        """Send one line."""
        stdin = self._running().stdin
        assert stdin is not None
        stdin.write((" ".join(words) + "\n").encode())
        await stdin.drain()

    async def hear(self, *, within: float) -> dict[str, Any]:
        """Wait for the child's next line."""
        process = self._running()
        assert process.stdout is not None
        try:
            line = await asyncio.wait_for(process.stdout.readline(), within)
        except TimeoutError:
            raise ChildFailed(f"{self._module} said nothing for {within} s") from None
        if not line:
            raise ChildFailed(f"{self._module} ended with status {await process.wait()}")
        said: dict[str, Any] = json.loads(line)
        return said

    async def ask(self, *words: str, within: float = 60) -> dict[str, Any]:
        """Send one line and wait for the answer."""
        await self.tell(*words)
        return await self.hear(within=within)

    def _running(self) -> Process:
        assert self._process is not None
        return self._process
