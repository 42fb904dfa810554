"""Where and when a measurement was made."""

import os
import platform
import sqlite3
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from bench.children import ROOT


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The machine, the versions, the commit and the day."""

    cpu: str
    cores: int
    memory_gb: float
    kernel: str
    python: str
    sqlite: str
    commit: str
    date: str

    def lines(self) -> list[str]:
        return [
            f"{self.cpu}, {self.cores} cores, {self.memory_gb:.1f} GB",
            f"Linux {self.kernel}, Python {self.python}, SQLite {self.sqlite}",
            f"commit {self.commit}, {self.date}",
        ]


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"


def this_machine() -> Machine:
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)),
        memory_gb=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9,
        kernel=platform.release(),
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        commit=_commit(),
        date=time.strftime("%Y-%m-%d", time.gmtime()),
    )
