"""``tidings`` with a fault built in: ``python -m chaos.serve [FAULT …] -- serve --port 8080``.

Owns the switches. SIGUSR1 arms what kills, SIGUSR2 switches the moved clock or the read-only database on and off; the
ordinary command line runs afterwards and knows nothing of it.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable

from chaos import bugs, machine_faults
from tidings import checkpoints
from tidings.__main__ import main as tidings
from tidings.checkpoints import Checkpoint


class Trap:
    """Ends this process as ``kill -9`` does, at the ``nth`` passing of a checkpoint after it was armed."""

    def __init__(self, checkpoint: Checkpoint, nth: int, *, armed: bool) -> None:
        self._checkpoint = checkpoint
        self._left = nth
        self._armed = armed

    def arm(self, *_: object) -> None:
        self._armed = True

    def spring(self, checkpoint: Checkpoint) -> None:
        if self._armed and checkpoint is self._checkpoint:
            self._left -= 1
            if self._left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Build the faults in, then be ``tidings``."""
    arguments = _arguments()
    if arguments.kill is not None:
        checkpoint, _, nth = arguments.kill.partition(":")
        trap = Trap(Checkpoint(checkpoint), int(nth), armed=arguments.armed)
        checkpoints.watch(trap.spring)
        signal.signal(signal.SIGUSR1, trap.arm)
    switches: list[Callable[[], None]] = []
    if arguments.clock:
        switches.append(machine_faults.movable_clock(arguments.clock))
    if arguments.read_only:
        switches.append(machine_faults.read_only_sqlite())
    signal.signal(signal.SIGUSR2, lambda *_: [switch() for switch in switches] and None)
    if arguments.bug is not None:
        bugs.BUGS[arguments.bug]()
    sys.argv = ["tidings", *arguments.command]
    tidings()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos.serve")
    parser.add_argument("--kill", metavar="CHECKPOINT:N", help="kill -9 at the N-th passing of a checkpoint")
    parser.add_argument("--armed", action="store_true", help="count passings from the start, not from SIGUSR1")
    parser.add_argument("--clock", type=int, default=0, metavar="SECONDS", help="SIGUSR2 moves the clock by so much")
    parser.add_argument("--read-only", action="store_true", help="SIGUSR2 makes the SQLite file read-only")
    parser.add_argument("--bug", choices=sorted(bugs.BUGS), help="a mistake that the checker must catch")
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


if __name__ == "__main__":
    main()
