"""The bench's own programs as processes: one JSON line in, one JSON line out."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parent.parent
LONGEST_LINE = 4 * 1024 * 1024
ENDED_WITHIN = 10.0


class ChildFailed(Exception):
    """A program of the bench ended before it had answered."""


class Child:
    """A running ``python -m bench.<module>``; it ends when its input is closed."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", f"bench.{self._module}", stdin=PIPE, stdout=PIPE, cwd=ROOT, limit=LONGEST_LINE
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

    async def ask(self, what: dict[str, Any]) -> dict[str, Any]:
        """Send one order and wait for its answer."""
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(what).encode() + b"\n")
        await process.stdin.drain()
        line = await process.stdout.readline()
        if not line:
            raise ChildFailed(f"bench.{self._module} ended with status {await process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _running(self) -> Process:
        assert self._process is not None
        return self._process
