"""``tidings migrate`` that stands still in the middle of a migration, with all that it holds, until it is let go.

Owns the program. It is the real one, in a process of its own, with a stop put in the way of its first commit.
"""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

from support.service import Installation, ServiceFailed
from support.waiting import until

_PROGRAM = """
import os, signal, sys
from tidings import checkpoints
from tidings.__main__ import main

stops = [signal.SIGSTOP]
checkpoints.watch(lambda _: os.kill(os.getpid(), stops.pop()) if stops else None)
sys.argv = ["tidings", "migrate"]
main()
"""
_STOPPED = "T"


async def held_migration(installation: Installation) -> Process:
    """Start it and wait until it stands still."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _PROGRAM),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        env=installation.environment(),
        cwd=installation.folder,
    )
    await until(lambda: _is_stopped(process), within=60)
    return process


async def let_go(process: Process) -> int:
    """Let it go on, and return its exit status."""
    process.send_signal(signal.SIGCONT)
    await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode


def _is_stopped(process: Process) -> bool:
    if process.returncode is not None:
        raise ServiceFailed(f"migrate ended with status {process.returncode}")
    stat = Path(f"/proc/{process.pid}/stat").read_text("utf-8")
    return stat.rpartition(")")[2].split()[0] == _STOPPED
