"""``tidings serve`` as a process of its own, as long as the demo needs it."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tidings import settings
from tidings.cli.demo.clients import StoryBroken

_READY_WITHIN_S = 30
_STOPPED_WITHIN_S = 45


@asynccontextmanager
async def served(folder: Path, variables: Mapping[str, str]) -> AsyncIterator[int]:
    """Run the service with these settings and no others; yields the port that it listens on."""
    log = folder / "service.log"
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tidings", "serve", "--host", "127.0.0.1", "--port", "0"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            cwd=folder,
            env={**settings.foreign_variables(), **variables},
            start_new_session=True,
        )
    try:
        yield await _ready(process, log)
    finally:
        await _stop(process)


async def _ready(process: asyncio.subprocess.Process, log: Path) -> int:
    """Wait for the one line that says where the service listens."""
    line = b""
    if process.stdout is not None:
        with contextlib.suppress(TimeoutError):
            line = await asyncio.wait_for(process.stdout.readline(), _READY_WITHIN_S)
    _, _, port = line.decode().strip().rpartition(":")
    if not port.isdecimal():
        raise StoryBroken(f"the service did not start: {_last_line(log)}")
    return int(port)


def _last_line(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


async def _stop(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), _STOPPED_WITHIN_S)
    except TimeoutError:
        process.kill()
        await process.wait()
