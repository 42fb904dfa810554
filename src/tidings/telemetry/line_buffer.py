"""Lines that leave in bunches: many log lines, one system call.

Owns the lines that were told and not yet written, for 20 ms at most while an event loop runs. Refuses to know what a
line says. Whoever ends the process flushes first.
"""

import asyncio
import contextlib
from typing import BinaryIO

_DELAY_S = 0.02
_MOST_WAITING = 1_000


class LineBuffer:
    """Takes whole lines and writes them to the stream below: at once without a running loop, else in bunches."""

    def __init__(self, below: BinaryIO) -> None:
        self._below = below
        self._lines: list[bytes] = []
        self._waiting: asyncio.TimerHandle | None = None

    def write(self, line: bytes) -> None:
        """Take one line, its newline included."""
        self._lines.append(line)
        if self._waiting is None:
            self._wait()
        elif len(self._lines) >= _MOST_WAITING:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting, now."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        if not self._lines:
            return
        bunch, self._lines = b"".join(self._lines), []
        # Nobody is left to tell when the log's own reader has gone; the service must not stop for it.
        with contextlib.suppress(OSError, ValueError):
            self._below.write(bunch)
            self._below.flush()

    def close(self) -> None:
        """Write what is waiting and leave the stream below open: it is not ours."""
        self.flush()

    def _wait(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
            return
        self._waiting = loop.call_later(_DELAY_S, self.flush)
