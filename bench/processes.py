"""What the kernel says about a process."""

import os
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
# Fields of /proc/PID/stat behind the name in brackets, which may hold spaces itself.
_USER, _SYSTEM = 11, 12


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that the process and all its threads have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICK


def peak_megabytes(pid: int) -> float:
    """Return the most memory the process ever held."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(peak) / 1024
