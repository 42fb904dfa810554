"""Where and when a measurement was made."""

import os
import platform
import sqlite3
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from bench.children import ROOT
from support import postgresql


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The machine, the versions, the commit and the day."""

    cpu: str
    cores: int
    memory_gb: float
    kernel: str
    python: str
    sqlite: str
    postgresql: str
    load: float
    commit: str
    date: str

    def lines(self) -> list[str]:
        return [
            f"{self.cpu}, {self.cores} cores, {self.memory_gb:.1f} GB",
            f"Linux {self.kernel}, Python {self.python}, SQLite {self.sqlite}, {self.postgresql}",
            f"load of the last minute before it began: {self.load:.1f}",
            f"commit {self.commit}, {self.date}",
        ]


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _git(*arguments: str) -> str:
    # Looks and touches nothing: without this, git would tidy its index on the way.
    command = ["git", "--no-optional-locks", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _commit() -> str:
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return (_git("rev-parse", "--short", "HEAD") or "unknown") + (" with changes" if changed else "")


def this_machine() -> Machine:
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)),
        memory_gb=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9,
        kernel=platform.release(),
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        postgresql=postgresql.version(),
        load=os.getloadavg()[0],
        commit=_commit(),
        date=time.strftime("%Y-%m-%d", time.gmtime()),
    )
